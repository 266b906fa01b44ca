"""The public client of the A2A protocol, against a real server."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.client import ClientConfig, create_client
from a2a.types.a2a_pb2 import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    TaskState,
)
from a2a.utils.errors import InvalidParamsError, TaskNotCancelableError, TaskNotFoundError
from django.db import connection
from google.protobuf.json_format import MessageToDict, ParseDict

from agents.handoffs.complete_handoff import complete_handoff
from agents.handoffs.confirm_handoff import confirm_handoff
from agents.handoffs.request_input import request_input
from agents.models import Handoff
from tests.conftest import Person
from tests.live import serving


def message(message_id: str, *parts: dict[str, Any], **fields: Any) -> SendMessageRequest:
    told = Message(message_id=message_id, role=Role.ROLE_USER, **fields)
    told.parts.extend(ParseDict(part, Part()) for part in parts)
    return SendMessageRequest(message=told)


async def sent(client: Any, request: SendMessageRequest) -> Any:
    (event,) = [each async for each in client.send_message(request)]
    return event.task


async def speak(address: str, key: str, on_server: Any) -> None:
    """All that a client does, one after the other. `on_server`: have something done beside, by name."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=30) as http:
        client = await create_client(address, ClientConfig(httpx_client=http))
        card = await client.get_extended_agent_card(GetExtendedAgentCardRequest())
        assert [skill.id for skill in card.skills] == ["ANCHOR", "ATLAS", "NOVA", "RAFA", "REX", "SENTINEL"]

        goal = await sent(client, message("m-1", {"text": "Open a second shop."}))
        assert goal.status.state == TaskState.TASK_STATE_SUBMITTED
        assert goal.id.startswith("TASK-")

        metadata = {"to_agent": "RAFA", "from_agent": "NOVA", "task_type": "content_brief", "priority": "HIGH"}
        payload = {"topic": "Rye", "max_length": 300}
        brief = message("m-2", {"data": payload}, context_id="launch")
        brief.message.metadata.update(metadata)
        task = await sent(client, brief)
        assert (await sent(client, brief)).id == task.id
        assert task.context_id == "launch"

        await on_server("ask back", task.id)
        task = await client.get_task(GetTaskRequest(id=task.id))
        assert task.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        assert task.status.message.parts[0].text == "For whom?"
        task = await sent(client, message("m-3", {"text": "Bakers."}, task_id=task.id))
        assert task.status.state == TaskState.TASK_STATE_SUBMITTED

        await on_server("complete", task.id)
        task = await client.get_task(GetTaskRequest(id=task.id, history_length=1))
        assert task.status.state == TaskState.TASK_STATE_COMPLETED
        assert MessageToDict(task.artifacts[0].parts[0].data) == {"text": "Flour."}
        assert len(task.history) == 1

        listed = await client.list_tasks(ListTasksRequest(page_size=1))
        assert (listed.total_size, len(listed.tasks)) == (2, 1)
        rest = await client.list_tasks(ListTasksRequest(page_size=1, page_token=listed.next_page_token))
        assert {listed.tasks[0].id, rest.tasks[0].id} == {goal.id, task.id}
        assert rest.next_page_token == ""

        canceled = await client.cancel_task(CancelTaskRequest(id=goal.id))
        assert canceled.status.state == TaskState.TASK_STATE_CANCELED
        with pytest.raises(TaskNotCancelableError):
            await client.cancel_task(CancelTaskRequest(id=goal.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(GetTaskRequest(id="TASK-00000000"))
        bad = message("m-4", {"data": {"mood": "warm"}})
        bad.message.metadata.update(metadata)
        with pytest.raises(InvalidParamsError, match="no content_brief"):
            await sent(client, bad)

        nothing = await sent(client, message("m-5", {"text": "Rest."}))
        await on_server("ask back", nothing.id)
        nothing = await sent(client, message("m-6", {"data": None}, task_id=nothing.id))
        assert nothing.history[-1].parts[0].data.WhichOneof("kind") == "null_value"
        await on_server("bring nothing", nothing.id)
        nothing = await client.get_task(GetTaskRequest(id=nothing.id))
        assert nothing.status.state == TaskState.TASK_STATE_COMPLETED
        assert nothing.artifacts[0].parts[0].data.WhichOneof("kind") == "null_value"


@pytest.mark.django_db(transaction=True)
def test_the_public_client_hands_work_over(mia: Person, tmp_path: Path) -> None:
    def act(what: str, task_id: str) -> None:
        handoff = confirm_handoff(access=mia.access, handoff=Handoff.objects.get(task_id=task_id))
        if what == "ask back":
            request_input(access=mia.access, handoff=handoff, question="For whom?")
        else:
            result = {"text": "Flour."} if what == "complete" else None
            complete_handoff(access=mia.access, handoff=handoff, result=result)

    async def on_server(what: str, task_id: str) -> None:
        await asyncio.to_thread(in_its_own_connection, act, what, task_id)

    with serving(tmp_path, workers=1) as address:
        asyncio.run(speak(address, mia.key, on_server))
    brief = Handoff.objects.get(context_id="launch")
    assert (brief.status, brief.payload) == ("COMPLETED", {"topic": "Rye", "max_length": 300})


def in_its_own_connection(act: Any, *given: Any) -> None:
    try:
        act(*given)
    finally:
        connection.close()

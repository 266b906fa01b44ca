"""The A2A door: an agent card for everybody, and JSON-RPC over the same handoffs for who has a key."""

from collections.abc import Callable
from typing import Any

import msgspec
from assay.core.errors import AssayError
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from agents.a2a.cards import extended_card, public_card
from agents.a2a.errors import (
    METHOD,
    NO_PUSH,
    NOT_CANCELABLE,
    PARAMS,
    PARSE,
    REQUEST,
    UNSUPPORTED,
    VERSION,
    RpcError,
    from_ours,
)
from agents.a2a.messages import CancelTask, GetExtendedAgentCard, GetTask, ListTasks, SendMessage
from agents.a2a.tasks import as_task
from agents.handoffs.cancel_handoff import cancel_handoff
from agents.handoffs.find_handoff import find_handoff
from agents.handoffs.list_tasks import list_tasks
from agents.handoffs.take_message import take_message
from agents.models import Agent
from config.complaints import told_in_short
from config.fast_lane import for_programs
from config.problems import as_assay_error
from config.rest import json_body, parse_json
from sentinel.access import Access
from sentinel.authentication import authenticate

# Nothing streams and nothing is pushed: who wants to know asks again.
UNABLE = {
    "SendStreamingMessage": UNSUPPORTED,
    "SubscribeToTask": UNSUPPORTED,
    "CreateTaskPushNotificationConfig": NO_PUSH,
    "GetTaskPushNotificationConfig": NO_PUSH,
    "ListTaskPushNotificationConfigs": NO_PUSH,
    "DeleteTaskPushNotificationConfig": NO_PUSH,
}


class Call(msgspec.Struct):
    """A JSON-RPC request."""

    jsonrpc: str
    method: str
    params: dict[str, Any] | None = None
    id: str | int | float | None = None


@require_safe
def agent_card(request: HttpRequest) -> HttpResponse:
    """What anybody may know: Assay, its address, and how to say who one is."""
    response = _json(public_card(settings.ASSAY_URL, settings.VERSION))
    response["Cache-Control"] = "public, max-age=300"
    return response


@for_programs
@csrf_exempt  # `authenticate` asks a session for its token; a key needs none
@require_POST
def rpc(request: HttpRequest) -> HttpResponse:
    """One call. Who one is and how the body is sent are matters of HTTP; all else is answered as JSON-RPC."""
    access = authenticate(request)
    access.require("agents.read")
    call_id: Any = None
    try:
        call = _read(json_body(request))
        call_id = call.id
        _check_version(request)
        result = _answer(access, call)
    except RpcError as error:
        return _json({"jsonrpc": "2.0", "id": call_id, "error": error.describe()})
    return _json({"jsonrpc": "2.0", "id": call_id, "result": result})


def _read(body: bytes) -> Call:
    try:
        sent = parse_json(body)
    except AssayError as error:
        raise RpcError(PARSE if error.code == "invalid_json" else REQUEST, error.detail, error) from None
    try:
        call = msgspec.convert(sent, Call)
    except msgspec.ValidationError as error:
        raise RpcError(REQUEST, f"This is no JSON-RPC request. {told_in_short(error)}") from None
    if call.jsonrpc != "2.0":
        raise RpcError(REQUEST, "This is no request of JSON-RPC 2.0.")
    return call


def _check_version(request: HttpRequest) -> None:
    """Who names no version is taken to speak this one."""
    version = request.headers.get("A2A-Version", "1.0")
    if version.split(".")[0] != "1":
        raise RpcError(VERSION, f"This speaks version 1.0 of the protocol, not {version[:20]}.")


def _answer(access: Access, call: Call) -> dict[str, Any]:
    if call.method in UNABLE:
        raise RpcError(UNABLE[call.method], f"{call.method} is not offered: ask with GetTask again.")
    if call.method not in METHODS:
        raise RpcError(METHOD, f"There is no method {call.method[:50]!r}.")
    shape, do = METHODS[call.method]
    try:
        params: Any = msgspec.convert(call.params or {}, shape)
    except msgspec.ValidationError as error:
        raise RpcError(PARAMS, f"The params cannot be read. {told_in_short(error)}") from None
    try:
        return do(access, params)
    except Exception as error:
        told = as_assay_error(error)
        if told is None or told.status in (401, 403):
            raise
        wrong_status = NOT_CANCELABLE if call.method == "CancelTask" else UNSUPPORTED
        raise from_ours(told, wrong_status=wrong_status) from None


def _send_message(access: Access, asked: SendMessage) -> dict[str, Any]:
    """It never waits for the end, whatever the configuration says: the task is there, and GetTask tells of it."""
    handoff = take_message(access=access, message=asked.message, metadata=asked.metadata)
    return {"task": as_task(handoff, history_length=asked.configuration.history_length)}


def _get_task(access: Access, asked: GetTask) -> dict[str, Any]:
    return as_task(find_handoff(access.project_id, asked.id), history_length=asked.history_length)


def _cancel_task(access: Access, asked: CancelTask) -> dict[str, Any]:
    reason = str(asked.metadata.get("reason", ""))[:10_000]
    handoff = find_handoff(access.project_id, asked.id)
    return as_task(cancel_handoff(access=access, handoff=handoff, reason=reason))


def _list_tasks(access: Access, asked: ListTasks) -> dict[str, Any]:
    found = list_tasks(access=access, asked=asked)
    tasks = [
        as_task(each, history_length=asked.history_length, with_artifacts=asked.include_artifacts)
        for each in found.handoffs
    ]
    return {"tasks": tasks, "nextPageToken": found.next_token, "pageSize": asked.page_size, "totalSize": found.total}


def _extended_card(access: Access, asked: GetExtendedAgentCard) -> dict[str, Any]:
    agents = Agent.objects.in_project(access.project_id).active().order_by("code")
    return extended_card(settings.ASSAY_URL, settings.VERSION, agents)


METHODS: dict[str, tuple[type, Callable[[Access, Any], dict[str, Any]]]] = {
    "SendMessage": (SendMessage, _send_message),
    "GetTask": (GetTask, _get_task),
    "CancelTask": (CancelTask, _cancel_task),
    "ListTasks": (ListTasks, _list_tasks),
    "GetExtendedAgentCard": (GetExtendedAgentCard, _extended_card),
}


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), content_type="application/json")

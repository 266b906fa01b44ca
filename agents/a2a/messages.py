"""What clients of the A2A protocol (version 1.0, its JSON-RPC binding) send, as far as it is looked at."""

from typing import Annotated, Any

import msgspec

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=180)]


class Shape(msgspec.Struct, rename="camel"):
    """ProtoJSON: names in camel case; what is unknown is let be, as the protocol asks."""


class Part(Shape):
    """One of text, data, raw or url."""

    text: str | None = None
    data: Any | msgspec.UnsetType = msgspec.UNSET
    raw: str | None = None
    url: str | None = None


class Message(Shape):
    """`messageId` is the sender's own; `taskId` names the task that it goes on with."""

    message_id: Short
    parts: Annotated[list[Part], msgspec.Meta(min_length=1, max_length=100)]
    role: str = "ROLE_USER"
    context_id: str = ""
    task_id: str = ""
    metadata: dict[str, Any] = {}
    reference_task_ids: list[str] = []


class Configuration(Shape):
    history_length: Annotated[int, msgspec.Meta(ge=0)] | None = None


class SendMessage(Shape):
    message: Message
    configuration: Configuration = msgspec.field(default_factory=Configuration)
    metadata: dict[str, Any] = {}


class GetTask(Shape):
    id: str
    history_length: Annotated[int, msgspec.Meta(ge=0)] | None = None


class CancelTask(Shape):
    id: str
    metadata: dict[str, Any] = {}


class ListTasks(Shape):
    context_id: str = ""
    status: str = ""
    page_size: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    page_token: str = ""
    history_length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    status_timestamp_after: str = ""
    include_artifacts: bool = False


class GetExtendedAgentCard(Shape):
    pass


def whole(value: Any) -> Any:
    """The same with whole numbers where nothing stands behind the point: the protocol's own types know floats alone."""
    if isinstance(value, dict):
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53:
        return int(value)
    return value

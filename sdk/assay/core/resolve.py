"""From a request and a bundle to the text that serves it: select, check, render."""

import time
from typing import Any, Literal

import msgspec

from assay.core import assign, token
from assay.core.bundle import Bundle, Message, Prompt, Version
from assay.core.errors import AssayError, FieldError, single
from assay.core.render import Template, compile_template
from assay.core.select import PRODUCTION, Context, Selection, Tier, select
from assay.core.variables import Variables, compile_variables


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for: a context (`category` and what narrows it) or a `prompt` by name, and what to fill in.

    By name, the fields of the context but `language` are not looked at. `unit` is a string of 1 to 200 characters.
    """

    category: str | None = None
    vertical: str | None = None
    platform: str | None = None
    agent_code: str | None = None
    language: str | None = None
    prompt: str | None = None
    unit: str | None = None
    client_id: str | None = None
    variables: dict[str, Any] = {}
    label: str = PRODUCTION


class PromptSummary(msgspec.Struct, frozen=True):
    """The prompt that serves; `performance_score` from 0 to 10."""

    id: str
    name: str
    technique: str
    performance_score: float


class VersionSummary(msgspec.Struct, frozen=True):
    """The version that serves."""

    id: str
    number: str


class Resolution(msgspec.Struct, frozen=True):
    """The answer. `text` for a prompt of kind text, `messages` for a chat; the other is null."""

    resolution_id: str
    prompt: PromptSummary
    version: VersionSummary
    tier: Tier | Literal["fallback"]  # the latter is the SDK's alone, for a text that the caller brought along
    language: str
    language_fallback: bool
    text: str | None
    messages: list[Message] | None
    model_settings: dict[str, Any]
    experiment: dict[str, Any] | None
    revision: str


class Compiled:
    """A version made ready: its templates are checked, its schema too, and the head of its resolution ids is known."""

    __slots__ = ("head", "messages", "summary", "text", "variables", "version")

    def __init__(self, prompt: Prompt, version: Version) -> None:
        self.version = version
        self.head = token.head_of(prompt.id, version.id)
        self.summary = VersionSummary(version.id, version.number)
        self.variables: Variables = compile_variables(version.variables)
        self.text: Template | None = None
        self.messages: list[tuple[Any, Template]] = []
        if isinstance(version.content, str):
            self.text = compile_template(version.content)
        else:
            self.messages = [(message.role, compile_template(message.content)) for message in version.content]


def resolve(bundle: Bundle, request: Request, *, draw: float | None = None, now: int | None = None) -> Resolution:
    """The version that serves a request, rendered.

    `draw`, in [0, 1), decides under the `thompson` policy when there is no unit; without it one is generated. `now` is
    the Unix time in milliseconds. Raises AssayError: `invalid_context`, `invalid_unit`, `no_prompt`, `unknown_label`,
    `no_clients_in_bundle`, `unknown_client`, `missing_variable`, `unknown_variable`, `invalid_variable`,
    `output_too_large`, or what `compile_template` and `check_schema` raise.
    """
    context = _context_of(request)
    unit_hash = None
    if request.unit is not None:
        project_id = bundle.content.project.id
        unit_hash = assign.unit_hash(project_id, assign.check_unit(request.unit))
        draw = assign.fraction(project_id, assign.DRAW, request.unit)
    elif draw is None:
        draw = token.randomness.random()
    brand = _brand_of(bundle, request.client_id)
    selection = select(bundle, context, draw)
    prompt = selection.prompt
    # An experiment on this prompt chooses its arm's version here.
    version = bundle.index.versions[prompt.id, context.label]
    return _render(bundle, request, selection, _compiled(bundle, prompt, version), brand, now, unit_hash)


def _render(
    bundle: Bundle,
    request: Request,
    selection: Selection,
    compiled: Compiled,
    brand: dict[str, Any],
    now: int | None,
    unit_hash: bytes | None,
) -> Resolution:
    prompt = selection.prompt
    values = compiled.variables.check(request.variables)
    values["brand"] = brand
    text = messages = None
    if compiled.text is not None:
        text = compiled.text.render(values)
    else:
        messages = [Message(role, template.render(values)) for role, template in compiled.messages]
    milliseconds = time.time_ns() // 1_000_000 if now is None else now
    return Resolution(
        token.make(compiled.head, milliseconds, unit_hash=unit_hash),
        PromptSummary(prompt.id, prompt.name, prompt.technique, bundle.score(prompt)[0]),
        compiled.summary,
        selection.tier,
        prompt.language,
        selection.language_fallback,
        text,
        messages,
        compiled.version.model_settings,
        None,
        bundle.revision,
    )


def _context_of(request: Request) -> Context:
    if (request.category is None) == (request.prompt is None):
        detail = "Give either a category or the name of a prompt."
        errors = [FieldError("/category", "invalid_context", detail), FieldError("/prompt", "invalid_context", detail)]
        raise AssayError("invalid_context", detail, errors=errors)
    return Context(
        request.category,
        request.vertical,
        request.platform,
        request.agent_code,
        request.language,
        request.prompt,
        request.label,
    )


def _brand_of(bundle: Bundle, client_id: str | None) -> dict[str, Any]:
    if client_id is None:
        return {}
    if bundle.index.clients is None:
        raise single("no_clients_in_bundle", "/client_id", "This key's bundle holds no clients.")
    client = bundle.index.clients.get(client_id)
    if client is None:
        raise single("unknown_client", "/client_id", "There is no such client in this project.", status=404)
    return client.brand or {}


def _compiled(bundle: Bundle, prompt: Prompt, version: Version) -> Compiled:
    found: Compiled | None = bundle.compiled.get(version.id)
    if found is None or found.version != version:
        found = Compiled(prompt, version)
        bundle.compiled.put(version.id, found)
    return found

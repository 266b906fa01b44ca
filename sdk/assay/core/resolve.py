"""From a request and a bundle to the text that serves it: select, assign, check, render."""

import time
from typing import Any, Literal

import msgspec

from assay.core import assign, token
from assay.core.bundle import Bundle
from assay.core.compiled import VersionSummary, compiled
from assay.core.errors import AssayError, FieldError, single
from assay.core.select import PRODUCTION, Context, Tier, select
from assay.core.shapes import Message, Prompt, Version

__all__ = ["PromptSummary", "Request", "Resolution", "VersionSummary", "draw_for", "resolve", "version_for"]

_TEXT = (str, type(None))
_PLAIN = set(_TEXT)


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


class ExperimentSummary(msgspec.Struct, frozen=True):
    """The experiment that the unit takes part in, and the number of its arm; the control is 0."""

    id: str
    arm: int


class Resolution(msgspec.Struct, frozen=True):
    """The answer. `text` for a prompt of kind text, `messages` for a chat; the other is null.

    `tier` says how the prompt was found; it is `fallback` only where a client's own text stood in.
    """

    resolution_id: str
    prompt: PromptSummary
    version: VersionSummary
    tier: Tier | Literal["fallback"]
    language: str
    language_fallback: bool
    text: str | None
    messages: list[Message] | None
    model_settings: dict[str, Any]
    experiment: ExperimentSummary | None
    revision: str


def resolve(bundle: Bundle, request: Request, *, draw: float | None = None, now: int | None = None) -> Resolution:
    """The version that serves a request, rendered.

    `draw`, in [0, 1), decides under the `thompson` policy when there is no unit; without it one is generated. `now` is
    the Unix time in milliseconds. Raises AssayError: `invalid_context`, `invalid_unit`, `no_prompt`, `unknown_label`,
    `no_clients_in_bundle`, `unknown_client`, `missing_variable`, `unknown_variable`, `invalid_variable`,
    `output_too_large`, `template_too_slow`, or what `compile_template` and `check_schema` raise.
    """
    context = _context_of(request)
    unit_hash = None
    if request.unit is not None:
        unit_hash = assign.unit_hash(bundle.content.project.id, assign.check_unit(request.unit))
    brand = None if request.client_id is None else _brand_of(bundle, request.client_id)
    selection = select(bundle, context, draw_for(bundle, request.unit, draw))
    prompt = selection.prompt
    version, trial = version_for(bundle, context, prompt, request.unit, unit_hash)
    ready = compiled(bundle, prompt, version)
    text, messages = ready.render(request.variables, brand)
    return Resolution(
        token.make(
            ready.head,
            time.time_ns() // 1_000_000 if now is None else now,
            unit_hash=unit_hash,
            experiment_id=trial.id if trial else None,
            arm=trial.arm if trial else None,
        ),
        PromptSummary(prompt.id, prompt.name, prompt.technique, bundle.score(prompt)[0]),
        ready.summary,
        selection.tier,
        prompt.language,
        selection.language_fallback,
        text,
        messages,
        version.model_settings,
        trial,
        bundle.revision,
    )


def version_for(
    bundle: Bundle, context: Context, prompt: Prompt, unit: str | None, unit_hash: bytes | None
) -> tuple[Version, ExperimentSummary | None]:
    """The version under the label, or that of the arm which the unit is in while an experiment goes on."""
    if unit is not None and unit_hash is not None and context.label == PRODUCTION:
        trial = bundle.index.trials.get(prompt.id)
        assigned = assign.assign(trial, unit, unit_hash) if trial is not None else None
        if trial is not None and assigned is not None:
            arm, version = assigned
            return version, ExperimentSummary(trial.experiment.id, arm.number)
    return bundle.index.versions[prompt.id, context.label], None


def _context_of(request: Request) -> Context:
    """The request's context. A request made in Python, not read from JSON, may hold anything, so it is looked at."""
    category, vertical, platform, agent_code = request.category, request.vertical, request.platform, request.agent_code
    language, name, label = request.language, request.prompt, request.label
    kinds = {type(category), type(vertical), type(platform), type(agent_code), type(language), type(name)}
    if type(label) is not str or not kinds <= _PLAIN:
        _check_fields(request)
    if (category is None) == (name is None):
        detail = "Give either a category or the name of a prompt."
        errors = [FieldError(f"/{field}", "invalid_context", detail) for field in ("category", "prompt")]
        raise AssayError("invalid_context", detail, errors=errors)
    return Context(category, vertical, platform, agent_code, language, name, label)


def _check_fields(request: Request) -> None:
    errors = [
        FieldError(f"/{field}", "invalid_context", f"{field} must be a string.")
        for field in request.__struct_fields__
        if field != "variables" and not isinstance(getattr(request, field), str if field == "label" else _TEXT)
    ]
    if errors:
        raise AssayError("invalid_context", errors[0].detail, errors=errors)


def draw_for(bundle: Bundle, unit: str | None, draw: float | None) -> float:
    """The number in [0, 1) that decides under the `thompson` policy; under `score` nothing asks for it."""
    project = bundle.content.project
    if project.policy == "score":
        return 0.0
    if unit is not None:
        return assign.fraction(project.id, assign.DRAW, unit)
    return token.randomness.random() if draw is None else draw


def _brand_of(bundle: Bundle, client_id: str) -> dict[str, Any] | None:
    brands = bundle.index.brands
    if brands is None:
        raise single("no_clients_in_bundle", "/client_id", "This key's bundle holds no clients.")
    if not isinstance(client_id, str) or client_id not in brands:
        raise single("unknown_client", "/client_id", "There is no such client in this project.", status=404)
    return brands[client_id]

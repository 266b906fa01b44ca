"""This file lets you evaluate a prompt as a feature flag: by its name, for a unit, without filling it in."""

import time
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import msgspec
from assay.core import assign, token
from assay.core.bundle import Bundle
from assay.core.errors import AssayError
from assay.core.resolve import ExperimentSummary, draw_for, version_for
from assay.core.select import PRODUCTION, Context, select
from assay.core.shapes import Message, Prompt, Version

from vault import models

Reason = Literal["SPLIT", "STATIC", "TARGETING_MATCH", "DISABLED"]
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a flag is evaluated for. `unit` and `language` are absent where the context names none."""

    unit: str | None = None
    language: str | None = None


class Identity(msgspec.Struct, frozen=True):
    """A prompt by its id and name."""

    id: str
    name: str


class Numbered(msgspec.Struct, frozen=True):
    """A version by its id and number."""

    id: str
    number: str


class FlagValue(msgspec.Struct, frozen=True):
    """The version that serves, as it was written: `content` is a template, or a chat's messages, and `variables` the
    JSON Schema of what it wants filled in."""

    prompt: Identity
    version: Numbered
    kind: Literal["text", "chat"]
    content: str | list[Message]
    variables: dict[str, Any]
    model_settings: dict[str, Any]


class Evaluation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A flag's value for a context. One that is DISABLED has none: the application's own default stands."""

    key: str
    reason: Reason
    variant: str
    metadata: dict[str, str | int]
    value: FlagValue | None = None


def evaluate_flag(bundle: Bundle, key: str, asked: Asked) -> Evaluation:
    """The evaluation of the prompt of this name; no query for one that is served.

    `SPLIT`: the unit takes part in an experiment, the variant is its arm. `TARGETING_MATCH`: there are prompts of this
    name in several languages, and the context chose. `DISABLED`: a prompt of this name exists, but serves nobody.
    `STATIC`: anything else; the variant is the version's number. Raises AssayError: `no_prompt` (404),
    `invalid_context` where the name exists in other languages only, `invalid_unit`.
    """
    named = bundle.index.names.get((PRODUCTION, key))
    if named is None:
        return _disabled(bundle, key)
    unit_hash = None
    if asked.unit is not None:
        unit_hash = assign.unit_hash(bundle.content.project.id, assign.check_unit(asked.unit))
    context = Context(name=key, language=asked.language)
    try:
        selection = select(bundle, context, draw_for(bundle, asked.unit, None))
    except AssayError as error:
        raise AssayError(
            "invalid_context", f"There is no {key[:100]!r} in the language asked for.", status=400
        ) from error
    prompt = selection.prompt
    version, trial = version_for(bundle, context, prompt, asked.unit, unit_hash)
    return Evaluation(
        key=key,
        reason="SPLIT" if trial else "TARGETING_MATCH" if asked.language and len(named) > 1 else "STATIC",
        variant=_variant(version, trial),
        metadata=_metadata(bundle, prompt, version, trial, unit_hash),
        value=FlagValue(
            prompt=Identity(prompt.id, prompt.name),
            version=Numbered(version.id, version.number),
            kind=version.kind,
            content=version.content,
            variables=version.variables,
            model_settings=version.model_settings,
        ),
    )


def _disabled(bundle: Bundle, key: str) -> Evaluation:
    """What is said of a prompt that is there and serves nobody."""
    project_id = UUID(bundle.content.project.id)
    if "\x00" in key or not models.Prompt.objects.in_project(project_id).filter(name=key).exists():
        raise AssayError("no_prompt", f"There is no prompt {key[:100]!r}.", status=404)
    return Evaluation(key=key, reason="DISABLED", variant="disabled", metadata={"revision": bundle.revision})


def _variant(version: Version, trial: ExperimentSummary | None) -> str:
    if trial is None:
        return version.number
    return f"arm-{trial.arm}" if trial.arm else CONTROL


def _metadata(
    bundle: Bundle, prompt: Prompt, version: Version, trial: ExperimentSummary | None, unit_hash: bytes | None
) -> dict[str, str | int]:
    """What reports need: above all the resolution id, by which an outcome finds its unit."""
    experiment_id, arm = (trial.id, trial.arm) if trial else (None, None)
    told: dict[str, str | int] = {
        "resolution_id": token.make(
            token.head_of(prompt.id, version.id),
            time.time_ns() // 1_000_000,
            unit_hash=unit_hash,
            experiment_id=experiment_id,
            arm=arm,
        ),
        "revision": bundle.revision,
    }
    if experiment_id is not None and arm is not None:
        told |= {"experiment_id": experiment_id, "arm": arm}
    return told

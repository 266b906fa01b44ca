"""What a bundle is made of, as it travels and as it is kept on disk: frozen, and nothing in it worked out."""

from typing import Annotated, Any, Literal

import msgspec

FORMAT = 1
WHOLE = 10_000
LATEST = "latest"

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Name = Annotated[str, msgspec.Meta(max_length=1000)]
Revision = Annotated[int, msgspec.Meta(ge=0)]
Prior = Annotated[float, msgspec.Meta(gt=0, le=1e12)]
Score = Annotated[float, msgspec.Meta(ge=0, le=10)]
Count = Annotated[float, msgspec.Meta(ge=0, le=1e15)]


class Message(msgspec.Struct, frozen=True):
    """One message of a chat prompt; before rendering its content is a template."""

    role: Literal["system", "user", "assistant"]
    content: str


class Version(msgspec.Struct, frozen=True):
    """One immutable text of a prompt. `variables` is a schema that `variables.check_schema` accepts."""

    id: Id
    number: Name
    kind: Literal["text", "chat"]
    content: str | list[Message]
    variables: dict[str, Any] = {}
    model_settings: dict[str, Any] = {}


class Prompt(msgspec.Struct, frozen=True):
    """An active prompt with its labelled versions. `labels` names a version's id by label, `latest` among them."""

    id: Id
    name: Name
    category: Name
    vertical: Name
    platform: Name | None
    agent_code: Name | None
    language: Name
    technique: str
    labels: dict[str, Id]
    versions: list[Version]


class Client(msgspec.Struct, frozen=True):
    """A customer; `brand` is their brand file, or null when it is empty."""

    id: Id
    name: str
    brand: dict[str, Any] | None = None


class ProjectSettings(msgspec.Struct, frozen=True):
    """What selection must know of the project."""

    id: Id
    slug: str
    policy: Literal["score", "thompson"] = "score"
    default_language: Name = "en"


Share = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Arm(msgspec.Struct, frozen=True):
    """One side of an experiment, the control being number 0. `share` in ten-thousandths; all arms' sum to 10,000.

    The units of a withdrawn arm are served what is in production, and its share goes to nobody else.
    """

    number: Annotated[int, msgspec.Meta(ge=0, le=255)]
    version_id: Id
    share: Share
    withdrawn: bool = False


class Experiment(msgspec.Struct, frozen=True):
    """An experiment that holds its prompt's contexts. `coverage`, in ten-thousandths, is how many units take part.

    Where nobody is exposed any more (it is paused, or its time is up), `known` tells who was: their 8-byte hashes, one
    after the other, in base64. Only they keep their arm then. While it runs `known` is null.
    """

    id: Id
    prompt_id: Id
    salt: Name
    coverage: Share
    arms: list[Arm]
    known: str | None = None


class Content(msgspec.Struct, frozen=True):
    """All of a bundle but the scores. `clients` is null for a key that may not see them."""

    project: ProjectSettings
    revision: Revision
    prompts: list[Prompt]
    experiments: list[Experiment] = []
    clients: list[Client] | None = None
    format: int = FORMAT


class Scores(msgspec.Struct, frozen=True):
    """What the prompts earned: by prompt id (performance score 0 to 10, engagements, impressions).

    A prompt that is absent stands at (5.0, 0, 0). `prior` is the Beta prior (alpha, beta) of the `thompson` policy.
    """

    revision: Revision
    content_revision: Revision
    prior: tuple[Prior, Prior] = (1.0, 1.0)
    scores: dict[Id, tuple[Score, Count, Count]] = {}
    format: int = FORMAT

"""Load a bundle's parts from the JSON in which they travel, strictly."""

from typing import TypeVar

import msgspec

from assay.core.errors import BundleError
from assay.core.shapes import FORMAT, Content, Scores

T = TypeVar("T", Content, Scores)


def load_content(body: bytes) -> Content:
    """The content of a bundle from its JSON. Raises BundleError on anything that is off; unknown members are let be."""
    return _load(body, _content_decoder)


def load_scores(body: bytes) -> Scores:
    """The scores of a bundle from their JSON. Raises BundleError on anything off; unknown members are let be."""
    scores = _load(body, _scores_decoder)
    if any(engagements > impressions for _, engagements, impressions in scores.scores.values()):
        raise BundleError("invalid_bundle", "A prompt has more engagements than impressions.")
    return scores


_content_decoder = msgspec.json.Decoder(Content)
_scores_decoder = msgspec.json.Decoder(Scores)


def _load(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        loaded = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleError("invalid_bundle", f"This is not a bundle: {error}.") from None
    if loaded.format != FORMAT:
        raise BundleError(
            "unknown_bundle_format", f"This bundle has format {loaded.format}; this Assay reads {FORMAT}."
        )
    return loaded

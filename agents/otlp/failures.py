"""What a failed span failed of: codes of errors, never their messages."""

import re

# By what the code of an error has in it, in small letters without separators: the signal `tool_failure` that it is.
KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("timeout", ("timeout", "timedout", "deadline", "http408", "http504")),
    ("rate_limited", ("ratelimit", "toomanyrequests", "resourceexhausted", "quota", "throttl", "http429")),
    ("authentication_failed", ("auth", "permission", "forbidden", "http401", "http403")),
    (
        "invalid_input",
        ("valueerror", "typeerror", "validation", "invalid", "badrequest", "unprocessable", "http400", "http422"),
    ),
    ("unavailable", ("unavailable", "connect", "network", "unreachable", "unknownhost", "http5")),
)
FAILURE_TYPES = {
    "tool": "tool",
    "model": "model",
    "retrieve": "retrieval",
    "validate": "validation",
    "agent": "orchestration",
    "plan": "orchestration",
    "handoff": "orchestration",
}
UNSAID = "error"
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def code_of(error: str | None, http_status: float | None) -> str:
    """The code of an error: its type as it was told, or `http_<status>`, or `error`. `error` is a code already."""
    if error is not None:
        return f"http_{error}" if len(error) == 3 and error.isdigit() else error
    if http_status is not None and 400 <= http_status <= 599:
        return f"http_{int(http_status)}"
    return UNSAID


def kind_of(code: str) -> str | None:
    """Which `tool_failure` an error's code tells of; None where it tells of none of them."""
    letters = _SEPARATORS.sub("", code.lower())
    return next((kind for kind, signs in KINDS if any(sign in letters for sign in signs)), None)


def type_of(kind: str, code: str) -> str:
    """The type of a failure: a timeout, or what failed."""
    return "timeout" if kind_of(code) == "timeout" else FAILURE_TYPES.get(kind, "other")

"""What a worker may say of work instead of a result."""

import os
import socket
from typing import Any


class Reject(Exception):
    """Raise it to turn work down: `reason` for people, `code` for programs."""

    def __init__(self, reason: str = "", *, code: str = "") -> None:
        super().__init__(reason, code)
        self.reason = reason
        self.code = code


class AskBack(Exception):
    """Raise it when something must be known first. The work waits until somebody answers, and then comes again."""

    def __init__(self, question: Any) -> None:
        super().__init__(question)
        self.question = question


def default_worker() -> str:
    """This process, by host and number."""
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def code_of(error: Exception) -> str:
    """Its kind, as a code. What an exception says stays in the process: it may hold what nobody meant to hand over."""
    name = "".join(
        letter for letter in type(error).__name__ if letter.isascii() and (letter.isalnum() or letter == "_")
    )
    return name[:100] or "error"

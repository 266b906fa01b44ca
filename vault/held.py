"""This file lets another app hold a prompt still: what it registers here is asked before a prompt's place changes."""

from collections.abc import Callable

from vault.models import Prompt

# Given a prompt and what is to be done with it, in words; raises AssayError where that must not be.
Guard = Callable[[Prompt, str], None]

_guards: list[Guard] = []


def hold(guard: Guard) -> Guard:
    """Have `guard` asked from now on. Call it from an AppConfig's `ready`."""
    if guard not in _guards:
        _guards.append(guard)
    return guard


def check_free(prompt: Prompt, doing: str) -> None:
    """Raises the AssayError of the first guard that holds the prompt; `doing` is in words, such as "be deleted"."""
    for guard in _guards:
        guard(prompt, doing)

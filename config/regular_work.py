"""This file lets an app have something done regularly by the worker."""

from datetime import timedelta

# By the task's dotted name: how often.
REGULAR: dict[str, timedelta] = {}


def every(span: timedelta, task: str) -> None:
    """Have the worker call `task`, by its dotted name, every `span` of whole minutes. Call it from an AppConfig's
    `ready`, or at import."""
    REGULAR[task] = span

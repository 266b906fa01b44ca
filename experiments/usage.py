"""This file lets you count what this process served, and write it down outside of any request."""

from collections import defaultdict
from threading import Lock
from uuid import UUID

from config.background import regularly, wake
from config.ids import uuid7
from vault.count_usage import Usage, count_usage

_served: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
# Whoever counts and whoever takes the counts away are two threads.
_counting = Lock()


def note_served(project_id: UUID, version_id: str) -> None:
    """This version was served once more."""
    with _counting:
        counts = _served[project_id]
        counts[version_id] = counts.get(version_id, 0) + 1
    wake()


def write_down_usage() -> None:
    """Add what was served since the last time to the prompts' counts; it is held on to until the database has it."""
    for project_id in list(_served):
        with _counting:
            counts = _served.pop(project_id)
        try:
            count_usage(
                project_id=project_id,
                usages=[Usage(uuid7(), UUID(version_id), count) for version_id, count in counts.items()],
            )
        except BaseException:
            with _counting:
                again = _served[project_id]
                for version_id, count in counts.items():
                    again[version_id] = again.get(version_id, 0) + count
            raise


regularly(write_down_usage)

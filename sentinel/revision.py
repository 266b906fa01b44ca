"""This file lets you look at how far a project has moved, at most a few times a second."""

from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from assay.core.errors import AssayError
from django.conf import settings
from django.db import connection

# One statement: where marks wait and the last move is old enough, the scores move by one and the marks that this
# statement saw are taken away. Of two that look at once the second finds `scores_moved_at` renewed and moves nothing;
# a mark committed meanwhile stays for the next look, so the last score of a burst is served too.
LOOK = """
    WITH moved AS (
        UPDATE sentinel_revision SET scores = scores + 1, scores_moved_at = clock_timestamp()
        WHERE project_id = %(project)s AND scores_moved_at <= clock_timestamp() - make_interval(secs => %(rest)s)
          AND EXISTS (SELECT FROM sentinel_scoremark WHERE project_id = %(project)s)
        RETURNING project_id, content, scores, access
    ), folded AS (
        DELETE FROM sentinel_scoremark WHERE project_id IN (SELECT project_id FROM moved)
    )
    SELECT content, scores, access FROM moved
    UNION ALL
    SELECT content, scores, access FROM sentinel_revision
    WHERE project_id = %(project)s AND NOT EXISTS (SELECT FROM moved)
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A project's revision. `at` is when it was asked for, on the monotonic clock."""

    content: int
    scores: int
    access: int
    at: float = field(compare=False)


_seen: dict[UUID, Seen] = {}


def look(project_id: UUID) -> Seen:
    """The project's revision as it stood at most REVISION_LOOK_SECONDS ago: one query then, none before.

    Raises AssayError `not_found` when there is no such project.
    """
    known = _seen.get(project_id)
    now = monotonic()
    if known is not None and now - known.at < settings.REVISION_LOOK_SECONDS:
        return known
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"project": project_id, "rest": settings.SCORES_MOVE_SECONDS})
        row = cursor.fetchone()
    if row is None:
        _seen.pop(project_id, None)
        raise AssayError("not_found", "There is no such project.", status=404)
    content, scores, access = row
    seen = _seen[project_id] = Seen(content, scores, access, now)
    return seen


def forget() -> None:
    """Look afresh next time, for tests and for whoever just changed something and wants to see it served."""
    _seen.clear()

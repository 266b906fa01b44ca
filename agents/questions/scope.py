"""This file lets you say which runs a question is about."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from agents.questions.window import Span, Window, lowest_id


class WindowTold(msgspec.Struct, frozen=True):
    """What was looked at: runs that began from `start_time` up to and without `end_time`."""

    start_time: datetime
    end_time: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """Runs of one project within a window; of one agent, some versions, one environment, where those are named."""

    project_id: UUID
    window: Window
    agent_id: str | None = None
    agent_versions: tuple[str, ...] = ()
    environment: str | None = None

    @property
    def told(self) -> WindowTold:
        return WindowTold(self.window.start, self.window.end)

    def narrowed(self, of: str = "") -> str:
        """The conditions on agent, version and environment in SQL, each with AND before it. `of`: a table and a dot."""
        named = {"agent_id": self.agent_id, "environment": self.environment}
        conditions = [f"AND {of}{name} = %({name})s" for name, value in named.items() if value is not None]
        if self.agent_versions:
            conditions.append(f"AND {of}agent_version = ANY(%(agent_versions)s)")
        return " ".join(conditions)

    @property
    def parameters(self) -> dict[str, Any]:
        """What those conditions name, and the project and the window as ids."""
        return {
            "project": self.project_id,
            "agent_id": self.agent_id,
            "agent_versions": list(self.agent_versions),
            "environment": self.environment,
            "low": lowest_id(self.window.start),
            "high": lowest_id(self.window.end),
        }


def within(spans: tuple[Span, ...], of: str = "") -> str:
    """The condition that a row's id lies in one of these spans. The times are our own and no text of anybody's."""
    ranges = [f"{of}id >= '{lowest_id(start)}' AND {of}id < '{lowest_id(end)}'" for start, end in spans]
    return f"({' OR '.join(ranges)})"

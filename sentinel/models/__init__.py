from sentinel.models.events import Event
from sentinel.models.heartbeat import Heartbeat
from sentinel.models.idempotency import IdempotentAnswer
from sentinel.models.keys import ApiKey
from sentinel.models.projects import Membership, Project
from sentinel.models.revision import Revision, ScoreMark

__all__ = ["ApiKey", "Event", "Heartbeat", "IdempotentAnswer", "Membership", "Project", "Revision", "ScoreMark"]

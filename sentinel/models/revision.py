"""How far a project has moved, so that nobody reads again what has not changed."""

from django.db import models

from sentinel.models.projects import Project


class Revision(models.Model):
    """One row a project, made and moved by database triggers, raw SQL included.

    `content` moves with whatever is served and is not a score, `access` with keys, members and their state. `scores`
    moves when somebody looks and finds marks; see `sentinel.revision`.
    """

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True)
    content = models.BigIntegerField(default=1)
    scores = models.BigIntegerField(default=1)
    access = models.BigIntegerField(default=1)
    scores_moved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.content}.{self.scores}"


class ScoreMark(models.Model):
    """A score of this project has changed since the scores' revision moved. Appended, never shared."""

    project = models.ForeignKey(Project, models.CASCADE)

    def __str__(self) -> str:
        return str(self.project_id)

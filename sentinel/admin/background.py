"""What the worker did and will do, and who was locked out: for superusers to look at."""

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.decorators import display

from sentinel.admin_base import Place, SuperuserAdmin

for model in (AccessAttempt, AccessFailureLog, AccessLog, Failure, OrmQ, Schedule, Success):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Schedule)
class ScheduleAdmin(SuperuserAdmin):
    place = Place("Background work", 90, "schedule", "Schedules")
    list_display = ("name", "func", "minutes", "next_run")
    search_fields = ("name", "func")
    ordering = ("name",)


class DoneAdmin(SuperuserAdmin):
    list_display = ("func", "started", "took", "attempt_count")
    search_fields = ("func", "name")
    ordering = ("-stopped",)
    fields = ("name", "func", "args", "kwargs", "started", "stopped", "attempt_count", "outcome")

    @display(description="Took")
    def took(self, task: Any) -> str:
        return f"{task.time_taken():.2f} s"

    @display(description="Result")
    def outcome(self, task: Any) -> str:
        return str(task.result)[:2000] or "nothing"


@admin.register(Success)
class SuccessAdmin(DoneAdmin):
    place = Place("Background work", 91, "task_alt", "Done")


@admin.register(Failure)
class FailureAdmin(DoneAdmin):
    place = Place("Background work", 92, "error", "Failed")
    may_delete = True


@admin.register(OrmQ)
class QueueAdmin(SuperuserAdmin):
    place = Place("Background work", 93, "pending", "Waiting")
    list_display = ("task_id", "func", "lock")
    fields = ("key", "lock")

    @display(description="Task")
    def func(self, waiting: Any) -> str:
        return str(waiting.func())


@admin.register(AccessAttempt)
class LockedOutAdmin(SuperuserAdmin):
    """Deleting a row lets that person try again at once."""

    place = Place("Installation", 82, "lock_person", "Failed logins")
    may_delete = True
    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "user_agent", "failures_since_start", "attempt_time")

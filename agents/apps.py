from datetime import timedelta

from django.apps import AppConfig

from config.regular_work import every


class AgentsConfig(AppConfig):
    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        every(timedelta(minutes=1), "agents.tasks.tidy")
        every(timedelta(days=1), "agents.tasks.keep")

from datetime import timedelta
from importlib import import_module

from django.apps import AppConfig

from config.regular_work import every


class ExperimentsConfig(AppConfig):
    name = "experiments"
    verbose_name = "Experiments"

    def ready(self) -> None:
        # What a web process does beside its requests, and what holds a prompt still: known from when it is imported.
        import_module("experiments.usage")
        import_module("experiments.hold_prompt")
        every(timedelta(minutes=1), "experiments.tasks.watch")
        every(timedelta(days=1), "experiments.tasks.keep_months")

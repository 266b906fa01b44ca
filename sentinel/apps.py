from importlib import import_module

from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "sentinel"
    verbose_name = "Access"

    def ready(self) -> None:
        # What a web process does beside its requests makes itself known when it is imported.
        import_module("sentinel.note_key_use")
        # How keys and sessions look in the API's schema.
        import_module("sentinel.api.openapi")

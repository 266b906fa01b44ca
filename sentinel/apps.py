from django.apps import AppConfig


class SentinelConfig(AppConfig):
    name = "sentinel"
    verbose_name = "Access"

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AssayConfig(AppConfig):
    name = "config"


class AssayAdminConfig(AdminConfig):
    default_site = "config.admin.AssayAdminSite"

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AssayConfig(AppConfig):
    name = "config"


class AssayAdminConfig(AdminConfig):
    # The site asks who belongs to which project, which is the sentinel's to know.
    default_site = "sentinel.admin_site.AssayAdminSite"

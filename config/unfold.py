"""How the admin looks: names, marks and the one stylesheet and script of our own. Colours are in assay.css."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


def _own(path: str) -> Callable[[HttpRequest], str]:
    """The address of a file of ours; another version of Assay has another, so that no browser keeps the old one."""
    return lambda _request: f"{static(path)}?v={settings.VERSION}"


def no_inline_colors(request: HttpRequest) -> dict[str, Any]:
    """Unfold would write its palette into each page, which the content security policy forbids; assay.css has it."""
    return {}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Assay",
    "SITE_HEADER": "Assay",
    "SITE_URL": None,
    "SITE_ICON": _own("assay/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _own("assay/mark.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": "config.unfold.no_inline_colors",
    "BORDER_RADIUS": None,
    "STYLES": [_own("assay/assay.css")],
    "SCRIPTS": [_own("assay/assay.js")],
    "LOGIN": {"form": "sentinel.admin_login.LoginForm"},
    "DASHBOARD_CALLBACK": "vault.admin.overview.fill",
}

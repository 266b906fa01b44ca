"""How the admin looks: names, marks and the one stylesheet and script of our own. Colours are in assay.css."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def no_inline_colors(request: HttpRequest) -> dict[str, Any]:
    """Unfold would write its palette into each page, which the content security policy forbids; assay.css has it."""
    return {}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Assay",
    "SITE_HEADER": "Assay",
    "SITE_URL": None,
    "SITE_ICON": lambda request: static("assay/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("assay/mark.svg")},
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": "config.unfold.no_inline_colors",
    "BORDER_RADIUS": None,
    "STYLES": [lambda request: static("assay/assay.css")],
    "SCRIPTS": [lambda request: static("assay/assay.js")],
    "LOGIN": {"form": "sentinel.admin_login.LoginForm"},
    "DASHBOARD_CALLBACK": "vault.admin.overview.fill",
}

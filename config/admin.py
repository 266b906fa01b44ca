"""Dress Django's admin as Assay's."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite


class AssayAdminSite(UnfoldAdminSite):
    site_header = "Assay"
    site_title = "Assay"
    index_title = "Overview"
    enable_nav_sidebar = True

    def admin_view(
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[[HttpRequest], HttpResponseBase]:
        # Unfold's Alpine evaluates its attributes: the one place where that is allowed.
        relaxed: Any = csp_update({"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]})
        guarded: Callable[[HttpRequest], HttpResponseBase] = relaxed(super().admin_view(view, cacheable))
        return guarded

"""This file lets a long list be turned page by page without counting all of it."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

COUNTED_TO = 10_000

# Django's cannot be told of what it is, except to those who check types.
if TYPE_CHECKING:
    Pages = Paginator[Any]
else:
    Pages = Paginator


class BoundedPaginator(Pages):
    """Counts and turns pages as far as anybody would; the rest is found by filters."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        counted: int = rows.order_by()[:COUNTED_TO].count()
        return counted

"""How numbers are said on pages."""

from datetime import datetime

from django import template
from django.utils.timesince import timesince

register = template.Library()


@register.filter
def percent(rate: float | None) -> str:
    """A rate in [0, 1] as a percentage: one decimal below ten, none above; a dash for nothing."""
    if rate is None:
        return "–"
    value = rate * 100
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"


@register.filter
def ago(moment: datetime) -> str:
    """How long ago, in one unit: just now, 3 hours ago."""
    said = timesince(moment, depth=1)
    return "just now" if said.startswith("0") else f"{said} ago"


@register.filter
def thousands(number: float | None) -> str:
    """A count, its thousands apart: 12,000; a dash for nothing."""
    return "–" if number is None else f"{number:,.0f}"

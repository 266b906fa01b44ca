"""How numbers are said on pages."""

from django import template

register = template.Library()


@register.filter
def percent(rate: float | None) -> str:
    """A rate in [0, 1] as a percentage: one decimal below ten, none above; a dash for nothing."""
    if rate is None:
        return "–"
    value = rate * 100
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"

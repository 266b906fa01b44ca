"""How numbers are said on pages."""

from datetime import datetime
from decimal import Decimal

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


@register.filter
def duration(milliseconds: float | None) -> str:
    """How long something took: 0.4 ms, 350 ms, 1.25 s, 2 min 5 s, 1 h 3 min; a dash for nothing."""
    if milliseconds is None:
        return "–"
    if milliseconds < 999.5:
        return f"{milliseconds:.3g} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


@register.filter
def dollars(amount: Decimal | float | None) -> str:
    """Money, as many digits as it takes to tell it from nothing: $12.30, $0.0042; a dash for nothing."""
    if amount is None:
        return "–"
    number = float(amount)
    if number == 0 or number >= 0.995:
        return f"${number:,.2f}"
    return f"${number:.2g}" if number >= 0.0001 else "< $0.0001"


@register.filter
def spoken(code: str) -> str:
    """A code of a closed list as people read it: fresh_data_required becomes fresh data required."""
    return code.replace("_", " ")

"""The agents' pages: what they did, what was seen together with what, and what is kept of it."""

from agents.admin import cards, handoff_cards, handoffs, memory, payload_types, roster, runs, telemetry_settings

__all__ = ["cards", "handoff_cards", "handoffs", "memory", "payload_types", "roster", "runs", "telemetry_settings"]

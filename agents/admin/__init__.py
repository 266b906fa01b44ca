"""The agents' pages: what they did, what was seen together with what, and what is kept of it."""

from agents.admin import runs

__all__ = ["runs"]

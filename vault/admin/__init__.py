"""The vault's pages: prompts, clients, what happened, settings."""

from vault.admin import clients, history, prompts, settings

__all__ = ["clients", "history", "prompts", "settings"]

"""Prompts as files: pure reading, writing and conversion. No Django and no database in here."""

"""This file lets you draw the salt of an experiment: it decides for good which unit meets which arm."""

import secrets


def draw_salt() -> str:
    """32 characters that nobody can guess: who could choose units by their hash would choose the arm."""
    return secrets.token_hex(16)

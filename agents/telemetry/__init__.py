"""Runs as plain values: what they hold, how two reports of one are merged, and what they count for. No Django."""

"""Assay: choose, fill and learn from prompts in your own process."""

"""Transcripts of agents that called tools, and the runs that they show: codes and numbers alone. No Django."""

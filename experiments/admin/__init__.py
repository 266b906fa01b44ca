"""The experiments' pages: what runs, what it says, what is measured."""

from experiments.admin import cards, experiments, metrics

__all__ = ["cards", "experiments", "metrics"]

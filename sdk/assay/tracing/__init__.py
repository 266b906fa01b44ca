"""Trace an agent: what it did, chose and met, in codes and numbers, never what was said."""

from assay.tracing.carry import carry
from assay.tracing.run import Run
from assay.tracing.step import Step
from assay.tracing.tracer import AgentTracer

__all__ = ["AgentTracer", "Run", "Step", "carry"]

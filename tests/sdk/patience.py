"""All the time that a loaded machine may need: how long a client waits at most is no question but for a few tests.

Programs that tests start use this too.
"""

import inspect
from collections.abc import Callable

from assay import Assay, AsyncAssay, engine
from assay.options import Options
from assay.tracing import AgentTracer

PATIENCE = 60.0
"""Seconds."""


def be_patient(put: Callable[[object, str, object], None] = setattr) -> None:
    """Let clients wait as long as it takes, for the first bundle, an answer, a flush or the end, where nothing else is
    said."""
    for method in (Assay.flush, Assay.close, AsyncAssay.flush, AsyncAssay.close, AgentTracer.flush, AgentTracer.close):
        put(method, "__defaults__", (PATIENCE,))
    put(engine, "EXIT_TIMEOUT", PATIENCE)
    made_with = [each for each in inspect.signature(Options).parameters.values() if each.default is not each.empty]
    patient = {"start_timeout": PATIENCE, "timeout": PATIENCE}
    put(Options.__init__, "__defaults__", tuple(patient.get(each.name, each.default) for each in made_with))

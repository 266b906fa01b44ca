"""Hand work from one agent to another: NOVA asks for a text, RAFA writes it, and asks back when told too little.

ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python handoffs.py
"""

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from assay import AssayError
from assay.handoffs import AskBack, Handoff, Handoffs


def write(handoff: Handoff) -> dict[str, Any]:
    """Do RAFA's work. Whatever is returned is the result; any exception but these two gives the work back."""
    audience = handoff.payload.get("audience") or next((asked.answer for asked in handoff.inputs), None)
    if audience is None:
        raise AskBack("For whom is it?")
    # text = your_model(...)
    return {"text": f"{handoff.payload['topic']}, for {audience}."}


def main() -> None:
    """Send two briefs, do them, and answer what is asked back."""
    url = os.environ.get("ASSAY_URL", "http://127.0.0.1:8000")
    with Handoffs(url, os.environ["ASSAY_KEY"]) as handoffs:
        deadline = datetime.now(UTC) + timedelta(hours=1)
        clear = handoffs.send(
            "RAFA",
            "content_brief",
            {"topic": "Sourdough at home", "audience": "beginners"},
            from_agent="NOVA",
            priority="HIGH",
            deadline=deadline,
        )
        vague = handoffs.send("RAFA", "content_brief", {"topic": "Rye"}, from_agent="NOVA")

        # A worker of RAFA's, here in the same program; without `until_idle` it would go on for ever.
        print("done:", handoffs.work("RAFA", write, until_idle=True))
        result = handoffs.get(clear).result
        print("result:", result and result.result["text"])

        asked = handoffs.get(vague)
        print(asked.status, "-", asked.inputs[-1].question)
        handoffs.answer(vague, "bakers")
        print("done:", handoffs.work("RAFA", write, until_idle=True))
        result = handoffs.get(vague).result
        print("result:", result and result.result["text"])

        try:
            handoffs.send("NOVA", "content_brief", {"topic": "Rye"}, from_agent="RAFA", parent=vague)
        except AssayError as error:
            print(f"{error.code}: {error.detail}")


main()

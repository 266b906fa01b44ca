"""Ask for a prompt, use it, say what it earned.

ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python quickstart.py
"""

import os

from assay import Assay

MESSAGE = "Is the flat in Oak Street still free? I have to move out by Friday!"

with Assay(os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"), os.environ["ASSAY_KEY"]) as assay:
    resolution = assay.resolve(
        category="lead_enrichment",
        language="en",
        unit="customer-17",  # the same customer is always served alike
        variables={"message": MESSAGE, "ai_summary": "Asks about a flat, in a hurry."},
    )
    print(f"{resolution.prompt.name} {resolution.version.number}, found in tier {resolution.tier}")
    print(f"settings for the model: {resolution.model_settings}")
    print(resolution.text or resolution.messages)

    # ... here your application calls its model, publishes the answer, and counts. Then, now or next week:
    assay.report_engagement(resolution, likes=12, comments=3, shares=1, impressions=400)
    print("sent:", assay.flush())

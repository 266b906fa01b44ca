"""Go on without the server: from disk if it was there once, else with a text of your own.

    ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python offline.py

Run it with the server up, stop the server, and run it again: it answers the same. Delete the cache folder (or run it
with the server down from the beginning), and the fallback answers.
"""

import os

from assay import Assay, AssayUnavailable

VARIABLES = {"message": "Is the flat still free?", "ai_summary": "Asks about a flat."}


def plain_prompt(variables: dict[str, str]) -> str:
    """Write the prompt that will do when there is no other."""
    return f"Say in one word what this customer wants: {variables['message']}"


assay = Assay(
    os.environ.get("ASSAY_URL", "http://127.0.0.1:8000"),
    os.environ["ASSAY_KEY"],
    cache_dir=os.environ.get("ASSAY_CACHE"),
)
resolution = assay.resolve(category="lead_enrichment", variables=VARIABLES, fallback=plain_prompt)
print(f"served from: {'the fallback' if resolution.tier == 'fallback' else f'revision {resolution.revision}'}")

try:
    assay.resolve(category="lead_enrichment", variables=VARIABLES)
except AssayUnavailable as error:
    print(f"without a fallback: {error.detail}")

# A report is on disk as soon as this returns, and leaves when the server is back, even if this process has ended.
assay.report_engagement(resolution, engagement_rate=0.03)
print("sent:", assay.close())

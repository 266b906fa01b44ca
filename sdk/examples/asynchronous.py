"""Ask from asyncio: a hundred resolutions at once, none of which waits for the network.

ASSAY_URL=http://127.0.0.1:8000 ASSAY_KEY=... python asynchronous.py
"""

import asyncio
import os
import time

from assay import AsyncAssay


async def enrich(assay: AsyncAssay, customer: int) -> str:
    """Choose and fill the prompt for one customer, and report what it earned."""
    resolution = await assay.resolve(
        category="lead_enrichment",
        language="en",
        unit=f"customer-{customer}",
        variables={"message": f"Message {customer}", "ai_summary": "A question."},
    )
    # await your_model(resolution.text, **resolution.model_settings) ...
    await assay.report_engagement(resolution, engagement_rate=0.04)
    return resolution.resolution_id


async def main() -> None:
    """Serve a hundred customers."""
    url = os.environ.get("ASSAY_URL", "http://127.0.0.1:8000")
    async with AsyncAssay(url, os.environ["ASSAY_KEY"]) as assay:
        began = time.perf_counter()
        served = await asyncio.gather(*(enrich(assay, customer) for customer in range(100)))
        print(f"{len(set(served))} resolutions in {time.perf_counter() - began:.3f} s")
        print("sent:", await assay.flush())


asyncio.run(main())

"""The asynchronous client does what the plain one does, and never blocks the event loop."""

import asyncio
from pathlib import Path

import pytest
from assay import AssayError, AssayUnavailable, AsyncAssay

from tests.sdk.twin import KEY, Twin

ADA = {"name": "Ada"}


def test_it_resolves_reports_and_sends(twin: Twin, tmp_path: Path) -> None:
    async def talk() -> str | None:
        async with AsyncAssay(twin.url, KEY, cache_dir=tmp_path) as assay:
            resolution = await assay.resolve(category="greeting", variables=ADA, unit="ada")
            await assay.report_engagement(resolution, likes=1, impressions=4)
            await assay.report_engagement(resolution.resolution_id, engagement_rate=0.5)
            assert await assay.flush()
            assert await assay.revision() == "1.1"
            return resolution.text

    assert asyncio.run(talk()) == "Hello Ada"
    assert len(twin.taken["engagement"]) == 2
    assert twin.uses() == 1


def test_it_leaves_the_loop_free_while_it_waits_for_the_first_bundle(twin: Twin, tmp_path: Path) -> None:
    twin.answering.clear()

    async def talk() -> set[str | None]:
        async with AsyncAssay(twin.url, KEY, cache_dir=tmp_path) as assay:
            resolving = asyncio.gather(*(assay.resolve(category="greeting", variables=ADA) for _ in range(50)))
            for _ in range(20):
                await asyncio.sleep(0.01)
            # Had the loop stood still, the server would not answer.
            assert not resolving.done()
            twin.answering.set()
            return {resolution.text for resolution in await resolving}

    assert asyncio.run(talk()) == {"Hello Ada"}


def test_it_falls_back_and_raises_like_the_plain_client(twin: Twin, tmp_path: Path) -> None:
    twin.stop()

    async def talk() -> None:
        assay = AsyncAssay(twin.url, KEY, cache_dir=tmp_path, start_timeout=0.1)
        assert (await assay.resolve(category="greeting", fallback="Plain")).text == "Plain"
        with pytest.raises(AssayUnavailable):
            await assay.resolve(category="greeting")
        with pytest.raises(AssayError):
            await assay.report_engagement("nonsense", engagement_rate=0.5)
        assert await assay.close()

    asyncio.run(talk())


def test_it_outlives_an_event_loop(twin: Twin, tmp_path: Path) -> None:
    assay = AsyncAssay(twin.url, KEY, cache_dir=tmp_path)

    texts = [asyncio.run(assay.resolve(category="greeting", variables=ADA)).text for _ in range(3)]

    assert texts == ["Hello Ada"] * 3
    assert asyncio.run(assay.close())
    assert twin.uses() == 3


def test_it_shows_no_key(tmp_path: Path) -> None:
    assay = AsyncAssay("http://127.0.0.1:9", KEY, cache_dir=tmp_path)

    assert repr(assay) == "AsyncAssay('http://127.0.0.1:9')"
    asyncio.run(assay.close(timeout=0.1))

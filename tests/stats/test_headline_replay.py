"""Real headline tests, replayed: what was decided early stands at the end."""

from pathlib import Path

import pytest

from bench.stats_replay import headline_tests, replay

HEADLINES = Path(__file__).parents[3] / "shared" / "data" / "headline_tests.csv"


@pytest.mark.skipif(not HEADLINES.exists(), reason="the file of headline tests is not part of the project")
def test_it_decides_real_tests_early_and_as_they_end() -> None:
    found = replay(headline_tests(HEADLINES), seeds=[1], looks=50)
    assert found.contradicted == 0
    assert found.share_found >= 0.85
    assert found.refused_as_planned == 0
    assert 0.3 < found.share_of_traffic < 0.9
    assert found.refused_when_equal == pytest.approx(54, abs=4)

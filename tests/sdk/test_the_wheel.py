"""The SDK is a package of its own: its wheel works in a fresh environment that has never heard of Django."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.sdk.conftest import SDK
from tests.sdk.twin import KEY, Twin

PROGRAM = """
import importlib.util, sys
import assay
assert "site-packages" in assay.__file__, assay.__file__
assert importlib.util.find_spec("django") is None
from assay.tracing import AgentTracer
with assay.Assay(sys.argv[1], sys.argv[2], cache_dir=sys.argv[3]) as client:
    with AgentTracer("scout", "1", client=client).start_run() as run, run.step("tool"):
        pass
    resolution = client.resolve(category="greeting", variables={"name": "Ada"})
    client.report_engagement(resolution, engagement_rate=0.5)
    print(resolution.text, client.flush())
"""


def run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_works_in_an_environment_of_its_own(twin: Twin, tmp_path: Path) -> None:
    # The build tools stand in the development requirements, so building needs no network; what the wheel needs comes
    # from pip's index, or its cache, as everything else did.
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, SDK)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)

    assert run(python, "-I", "-c", PROGRAM, twin.url, KEY, tmp_path / "cache") == "Hello Ada True\n"
    assert twin.uses() == 1
    assert len(twin.runs.taken) == 1
    names = zipfile.ZipFile(wheel).namelist()
    assert "assay/py.typed" in names
    modules = {str(path.relative_to(SDK)) for path in (SDK / "assay").rglob("*.py")}
    assert {"assay/tracing/__init__.py", "assay/core/codes.py"} < modules <= set(names)
    assert all(name.startswith(("assay/", "assay_sdk-")) for name in names)

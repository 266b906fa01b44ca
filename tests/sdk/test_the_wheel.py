"""The SDK is a package of its own: its wheel works in a fresh environment that has never heard of Django."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from tests.sdk.conftest import SDK
from tests.sdk.patience import PATIENCE
from tests.sdk.twin import KEY, Twin

PROGRAM = """
import importlib.util, sys
import assay
assert "site-packages" in assay.__file__, assay.__file__
assert importlib.util.find_spec("django") is None
from assay.tracing import AgentTracer
with assay.Assay(sys.argv[1], sys.argv[2], cache_dir=sys.argv[3], start_timeout=60, timeout=60) as client:
    with AgentTracer("scout", "1", client=client).start_run() as run, run.step("tool"):
        pass
    resolution = client.resolve(category="greeting", variables={"name": "Ada"})
    client.report_engagement(resolution, engagement_rate=0.5)
    print(resolution.text, client.flush(60))
"""


def run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=10 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def named_by(requirements: Iterable[str]) -> dict[str, Distribution]:
    """What is to be installed for these, and for what that needs in turn: as it is here, where tests run."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        if wanted.name not in found and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            found[wanted.name] = distribution(wanted.name)
            waiting += [Requirement(text) for text in found[wanted.name].requires or []]
    return found


def copy(installed: Distribution, site: Path) -> None:
    for file in installed.files or []:
        if ".." not in file.parts and file.locate().exists():
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.locate(), target)


def test_it_works_in_an_environment_of_its_own(twin: Twin, tmp_path: Path) -> None:
    # It needs no network: the build tools stand in the development requirements, and what the wheel says that it needs
    # is there already, in the versions that all tests run with.
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, SDK)
    (wheel,) = tmp_path.glob("*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(*pip, "install", "--no-index", "--no-deps", wheel)
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (sdk,) = (each for each in distributions(path=[str(site)]) if each.name == "assay-sdk")
    for needed in named_by(sdk.requires or []).values():
        copy(needed, site)
    run(python, "-m", "pip", "check")

    assert run(python, "-I", "-c", PROGRAM, twin.url, KEY, tmp_path / "cache") == "Hello Ada True\n"
    assert twin.uses() == 1
    assert len(twin.runs.taken) == 1
    names = zipfile.ZipFile(wheel).namelist()
    assert "assay/py.typed" in names
    modules = {str(path.relative_to(SDK)) for path in (SDK / "assay").rglob("*.py")}
    assert {"assay/tracing/__init__.py", "assay/core/codes.py"} < modules <= set(names)
    assert all(name.startswith(("assay/", "assay_sdk-")) for name in names)

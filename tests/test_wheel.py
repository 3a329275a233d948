from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vpresearch.core.paths import ROOT

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as an installer lays it out, and nothing of the project."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder


def run(elsewhere: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(elsewhere / "site"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_no_file_of_patients_is_in_the_wheel(elsewhere: Path) -> None:
    names = {path.relative_to(elsewhere / "site").parts[:4] for path in (elsewhere / "site").rglob("*")}
    assert ("vpresearch", "shipped", "data", "reconstructed") in names
    assert not any("raw" in parts for parts in names)


def test_the_library_works_without_the_project(elsewhere: Path) -> None:
    program = """
import vpresearch as vp
from vpresearch.core.paths import CLONED
assert not CLONED, vp.__file__
study, paper = vp.load(vp.RECONSTRUCTION), vp.read_paper(vp.PUBLISHED)
assert study.reconstruction
rows = vp.score_paper(paper, study)
assert len(rows) == len(paper.claims) and not any(row.verdict == "reproduced" for row in rows)
fill = vp.compare_by_leak(study, "fill_percent")
print(fill.result.p_value > 0, len(vp.fit_models(study.rows)) > 0, len(vp.audit_paper(paper)) > 0)
"""
    done = run(elsewhere, "-c", program)
    assert (done.stdout.strip(), done.stderr) == ("True True True", "")


def test_commands_that_need_no_notebook_work_anywhere(elsewhere: Path) -> None:
    for arguments in (
        ["template", "study.xlsx"],
        ["validate", "site/vpresearch/shipped/data/reconstructed/vertebrae.csv"],
        ["audit", "--language", "en"],
    ):
        done = run(elsewhere, "-m", "vpresearch", *arguments)
        assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in elsewhere.iterdir() if path.suffix != ".whl") == ["build", "site", "study.xlsx"]


def test_what_needs_the_project_says_so(elsewhere: Path) -> None:
    done = run(elsewhere, "-m", "vpresearch", "reproduce")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Clone" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_package_that_is_not_installed_is_named_by_its_extra(elsewhere: Path) -> None:
    program = "import sys; sys.modules['pypandoc'] = None; from vpresearch.cli import main; sys.exit(main(['report']))"
    done = run(elsewhere, "-c", program)
    assert done.returncode == 2
    assert "vpresearch[report]" in done.stderr

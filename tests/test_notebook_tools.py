"""A notebook runs by every tool that a reviewer may take for it, from the project's folder and from its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vpresearch.core import paths
from vpresearch.core.paths import ROOT, in_project

BOOK = "01_cohort.ipynb"
RUN = (sys.executable, "-m")
TOOLS = {
    "papermill": (*RUN, "papermill", "{book}", "{out}/out.ipynb"),
    "jupyter execute": (str(Path(sys.executable).with_name("jupyter-execute")), "{book}"),
    "nbconvert": (*RUN, "nbconvert", "--execute", "--to", "html", "--output-dir", "{out}", "{book}"),
    "nbmake": (*RUN, "pytest", "--nbmake", "--rootdir", "{out}", "-p", "no:cacheprovider", "{book}"),
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of a clone as one notebook needs."""
    shipped = ("data/reconstructed/vertebrae.csv", "data/published/barriga-martin-2022.yaml")
    for name in ("compendium.yaml", f"notebooks/{BOOK}", *shipped):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


@pytest.mark.long
@pytest.mark.parametrize("folder", [".", "notebooks"])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_of_others_runs_a_notebook(tool: str, folder: str, clone: Path, tmp_path: Path) -> None:
    place = clone / folder
    book = os.path.relpath(clone / "notebooks" / BOOK, place)
    command = [part.format(book=book, out=tmp_path) for part in TOOLS[tool]]
    # Its own settings and sockets, as no other server's are there.
    environment = os.environ | {"IPYTHONDIR": str(tmp_path / "ipython"), "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = clone / "build" / "notebooks" / "tables" / "table1.csv"
    assert made.read_bytes() == (ROOT / "tables" / "table1.csv").read_bytes()


def test_a_path_is_one_of_the_project_wherever_it_is_asked(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in (clone, clone / "notebooks"):
        monkeypatch.chdir(place)
        assert in_project("data/x.csv") == clone / "data" / "x.csv"
        assert in_project(tmp_path / "mine.csv") == tmp_path / "mine.csv"
    monkeypatch.chdir(tmp_path)
    assert in_project("data/x.csv") == ROOT / "data" / "x.csv"
    # The wheel has data of its own, but whoever runs it has outputs where they stand.
    monkeypatch.setattr(paths, "CLONED", False)
    assert in_project("build") == tmp_path / "build"

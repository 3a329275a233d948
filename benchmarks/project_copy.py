"""A copy of the project to run, so that nothing cached counts and its notebooks may be changed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from vpresearch.project import ROOT

_PARTS = ("compendium.yaml", "data", "notebooks", "pyproject.toml", "requirements.lock", "src", "CITATION.cff")
COMMAND = (sys.executable, "-m", "vpresearch")


def copy_project(folder: Path) -> Path:
    """Copy what a run needs of the project.

    Parameters
    ----------
    folder : pathlib.Path
        New folder.

    Returns
    -------
    pathlib.Path
    """
    folder.mkdir(parents=True)
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__", "raw"))
        else:
            shutil.copyfile(source, folder / part)
    return folder


def environment(project: Path) -> dict[str, str]:
    """Give an environment in which Python takes the package from a copy.

    Parameters
    ----------
    project : pathlib.Path

    Returns
    -------
    dict of str to str
    """
    return {**os.environ, "PYTHONPATH": str(project / "src")}

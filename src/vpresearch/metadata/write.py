"""All the generated metadata at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from vpresearch.compendium import read_compendium
from vpresearch.files import put_all
from vpresearch.metadata.codecheck import codecheck
from vpresearch.metadata.crate import crate
from vpresearch.metadata.datapackage import datapackage
from vpresearch.project import ROOT


def described(root: Path = ROOT) -> dict[Path, str]:
    """Generate the metadata of the compendium.

    Parameters
    ----------
    root : pathlib.Path, optional

    Returns
    -------
    dict of pathlib.Path to str
        What each file is to hold.

    Examples
    --------
    >>> [path.name for path in described()]
    ['codecheck.yml', 'datapackage.json', 'ro-crate-metadata.json']
    """
    compendium = read_compendium(root / "compendium.yaml")
    citation: dict[str, Any] = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    return {
        root / "codecheck.yml": codecheck(root, compendium, citation),
        root / "data" / "datapackage.json": _json(datapackage(root / "data", citation)),
        root / "ro-crate-metadata.json": _json(crate(root, compendium, citation)),
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def write_metadata(root: Path = ROOT) -> list[Path]:
    """Write the metadata of the compendium.

    Parameters
    ----------
    root : pathlib.Path, optional

    Returns
    -------
    list of pathlib.Path
    """
    contents = described(root)
    put_all(contents)
    return list(contents)

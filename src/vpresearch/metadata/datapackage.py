"""``data/datapackage.json``: the shipped data as a Frictionless data package."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from vpresearch.dictionary import Column, columns
from vpresearch.files import file_digest
from vpresearch.metadata.files import FORMATS, Told, cited, told_of

_VERTEBRAE = "reconstructed/vertebrae.csv"
_RECONSTRUCTION = (
    "Reconstructed data: no row is a patient. The study's rows were never published; these were made to satisfy the "
    "published statistics, and can confirm nothing."
)


def datapackage(folder: Path, citation: dict[str, Any]) -> dict[str, Any]:
    """Describe the shipped data.

    Parameters
    ----------
    folder : pathlib.Path
        ``data``; the authors' own workbook in ``raw`` is no part of it.
    citation : dict
        ``CITATION.cff``.

    Returns
    -------
    dict
        By the specification Data Package, version 1.
    """
    (paper,) = citation["references"]
    return {
        "profile": "data-package",
        "name": "vpresearch-data",
        "title": "Reconstruction of a study of percutaneous vertebroplasty, with what its paper prints",
        "description": _RECONSTRUCTION,
        "version": citation["version"],
        "licenses": [{"name": citation["license"]}],
        "sources": [{"title": f"{paper['title']}. {cited(paper)}"}],
        "resources": [_resource(folder, told) for told in told_of(folder)],
    }


def _resource(folder: Path, told: Told) -> dict[str, Any]:
    path = folder / told.path
    resource = {
        "name": re.sub(r"[^a-z0-9]+", "-", told.path.lower()),
        "path": told.path,
        "description": f"{told.what}. From: {told.origin}.",
        "format": path.suffix[1:],
        "mediatype": FORMATS[path.suffix],
        "encoding": "utf-8",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{file_digest(path)}",
    }
    if path.suffix != ".csv":
        return resource
    if told.path == _VERTEBRAE:
        resource["title"] = _RECONSTRUCTION.split(".")[0]
    return resource | {"profile": "tabular-data-resource", "schema": _schema(path, told.path == _VERTEBRAE)}


def _schema(path: Path, vertebrae: bool) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    names = reader.fieldnames or []
    if vertebrae:
        fields = [_study_field(columns()[name]) for name in names]
        return {"fields": fields, "primaryKey": ["patient_id", "level"], "missingValues": [""]}
    return {"fields": [_plain_field(name, [row[name] for row in rows]) for name in names], "missingValues": [""]}


def _study_field(column: Column) -> dict[str, Any]:
    """Describe a column of the study as the dictionary does."""
    constraints: dict[str, Any] = {"required": not column.may_be_empty}
    if column.minimum is not None:
        constraints["minimum"] = column.minimum
    if column.maximum is not None:
        constraints["maximum"] = column.maximum
    if column.kind == "category":
        constraints["enum"] = [level.value for level in column.levels]
    unit = f", {column.unit}" if column.unit else ""
    return {
        "name": column.name,
        "type": "number" if column.kind == "number" else "string",
        "title": column.labels["en"],
        "description": f"{column.labels['es']}; one value a {column.unit_of_observation}{unit}",
        "constraints": constraints,
    }


def _plain_field(name: str, values: list[str]) -> dict[str, Any]:
    present = [value for value in values if value]
    numbers = bool(present) and all(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value) for value in present)
    return {"name": name, "type": "number" if numbers else "string"}

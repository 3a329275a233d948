"""Every example of the page on auditing another paper gives the check and the verdict that stand beside it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.made_up_paper import write_paper
from vpresearch.audit import Check, audit
from vpresearch.core.paths import ROOT
from vpresearch.published import read_paper

ROWS = re.findall(
    r"^\| `([^`]+)` \| `(\w+)` \| (possible|impossible|undecided) \|",
    (ROOT / "data/published/README.md").read_text("utf-8"),
    re.M,
)


def _columns(rows: list[str]) -> str:
    """Write rows of name=value as a CSV."""
    cells: list[dict[str, str]] = [dict(part.split("=", 1) for part in row.split()) for row in rows]
    names = list(dict.fromkeys(name for row in cells for name in row))
    return "\n".join([";".join(names), *(";".join(row.get(name, "") for name in names) for row in cells)])


def audited(example: str, folder: Path) -> tuple[Check, ...]:
    """Audit a row of tests, or rows of cells and of tests as the page writes them."""
    if example.startswith("{"):
        row: dict[str, Any] = {"id": "a", "places": [], **yaml.safe_load(example)}
        content = {"paper": {"key": "a"}, "variables": {}, "claims": [], "tests": [row]}
        path = write_paper(content, folder / "paper.yaml")
    else:
        cells, _, tests = example.partition(" / ")
        path = folder / "table.csv"
        path.write_text(_columns(cells.split("; ")), encoding="utf-8")
        if tests:
            (folder / "table-tests.csv").write_text(_columns(tests.split("; ")), encoding="utf-8")
    return tuple(audit(read_paper(path)))


@pytest.mark.parametrize(("example", "check", "verdict"), ROWS)
def test_an_example_of_the_page(example: str, check: str, verdict: str, tmp_path: Path) -> None:
    assert verdict in {found.verdict for found in audited(example, tmp_path) if found.check == check}


def test_the_page_has_an_example_of_every_kind() -> None:
    assert len(ROWS) > 25

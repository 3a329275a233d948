from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from vpresearch import tables
from vpresearch.audit import Check, audit
from vpresearch.compendium import read_compendium
from vpresearch.load import Dataset
from vpresearch.published import Paper
from vpresearch.scorecard import scorecard
from vpresearch.tables import Table


class Page(HTMLParser):
    """An HTML page as a reader sees it; every element that is opened must be closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.classes: list[str] = []
        self.rows: list[list[str]] = []
        self.parts: dict[str, list[str]] = {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "br"}:
            return
        self.open.append(tag)
        self.classes.append(dict(attrs).get("class") or "")
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.classes.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1][-1] += data
        elif self.open:
            self.parts.setdefault(self.classes[-1] or self.open[-1], []).append(data)


@pytest.fixture(scope="session")
def read_page() -> Callable[[str], Page]:
    return Page


@pytest.fixture(scope="session")
def checks(paper: Paper) -> list[Check]:
    """The audit of a few of the paper's claims; all of them take long."""
    places = ("vas_1m", "table3.vertebrae", "table3.vertebral", "table1", "vas_1y")
    few = tuple(claim for claim in paper.claims if any(place in claim.id for place in places))
    return audit(replace(paper, claims=few))


@pytest.fixture(scope="session")
def draw(paper: Paper, checks: list[Check]) -> Callable[[str, Dataset, str], Table]:
    """Lay out a table of the compendium by its name."""

    def draw(name: str, dataset: Dataset, language: str) -> Table:
        if name == "scorecard":
            return tables.scorecard_table(scorecard(paper, dataset), dataset, language)
        if name == "audit":
            return tables.audit_table(checks, language)
        if name == "exhibits":
            return tables.exhibits_table(read_compendium(), dataset, language)
        made: Table = getattr(tables, name)(dataset, language)
        return made

    return draw


@pytest.fixture(
    params=[
        "table1",
        "table2",
        "table3",
        "table4",
        "leak_kinds",
        "outcome",
        "comparisons",
        "associations",
        "exhibits",
        "audit",
        "scorecard",
    ]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["es", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)

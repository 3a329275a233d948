from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from tests.parts import of
from vpresearch import tables
from vpresearch.audit import Check, audit
from vpresearch.data import Dataset
from vpresearch.implied import fits
from vpresearch.implied import shipped as shipped_ensembles
from vpresearch.published import Paper
from vpresearch.reconstruct import ANY_FILL
from vpresearch.regression.models import leak_design
from vpresearch.regression.validation import validate
from vpresearch.results import Results
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
        if tag in {"meta", "br", "wbr"}:
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

    drawn: dict[tuple[str, str, str], Table] = {}
    kept: dict[str, Results] = {}
    few = {source: ensemble.take(range(3)) for source, ensemble in shipped_ensembles().items()}
    implied = cache(lambda: {"fits": fits(few), "any_fill_fits": fits(shipped_ensembles(ANY_FILL))})

    def draw(name: str, dataset: Dataset, language: str) -> Table:
        # Fits take time, and a file's digest tells its table.
        key = (name, dataset.sha256, language)
        if key not in drawn:
            drawn[key] = lay_out(name, dataset, language)
        return drawn[key]

    def lay_out(name: str, dataset: Dataset, language: str) -> Table:
        if name == "audit":
            return tables.audited.audit_table(checks, language)
        # With what is slow cut short.
        results = kept.setdefault(dataset.sha256, of(dataset))
        if name == "validation":
            results = of(dataset, performance=validate(leak_design(dataset.rows), 50))
        if name == "implied":
            results = of(dataset, **implied())
        return tables.TABLES[name](results, language)

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
        "models",
        "leak_risk",
        "dose",
        "precision",
        "validation",
        "relief",
        "comparators",
        "specification",
        "assumptions",
        "implied",
        "simulation",
    ]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["es", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)

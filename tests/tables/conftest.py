from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from vpresearch import tables
from vpresearch.audit import Check, audit
from vpresearch.core.compendium import read_compendium
from vpresearch.data import Dataset
from vpresearch.implied import fits
from vpresearch.implied import shipped as shipped_ensembles
from vpresearch.published import Paper
from vpresearch.published.comparators import compare, read_comparators
from vpresearch.regression import gee, logistic
from vpresearch.regression.assumptions import assumptions
from vpresearch.regression.models import fit_models, leak_design, specification_curve
from vpresearch.regression.simulation import read_results
from vpresearch.regression.validation import validate
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

    def draw(name: str, dataset: Dataset, language: str) -> Table:
        # Fits take time, and a file's digest tells its table.
        key = (name, dataset.sha256, language)
        if key not in drawn:
            drawn[key] = lay_out(name, dataset, language)
        return drawn[key]

    def lay_out(name: str, dataset: Dataset, language: str) -> Table:
        if name == "scorecard":
            return tables.scorecard_table(scorecard(paper, dataset), dataset, language)
        if name == "audit":
            return tables.audit_table(checks, language)
        if name == "exhibits":
            return tables.exhibits_table(read_compendium(), dataset, language)
        if name in _OF_LEAKS:
            return _OF_LEAKS[name](dataset, language)
        made: Table = getattr(tables, name)(dataset, language)
        return made

    return draw


def _models(dataset: Dataset, language: str) -> Table:
    return tables.models_table(fit_models(dataset.rows), dataset, language)


def _precision(dataset: Dataset, language: str) -> Table:
    study = leak_design(dataset.rows)
    return tables.precision_table([*gee.fit(study), *logistic.fit(study)], dataset, language)


def _validation(dataset: Dataset, language: str) -> Table:
    return tables.validation_table(validate(leak_design(dataset.rows), 50), dataset, language)


def _comparators(dataset: Dataset, language: str) -> Table:
    study = leak_design(dataset.rows)
    return tables.comparators_table(compare(study.events, study.n, read_comparators()), dataset, language)


def _specification(dataset: Dataset, language: str) -> Table:
    return tables.specification_table(specification_curve(dataset.rows), dataset, language)


def _assumptions(dataset: Dataset, language: str) -> Table:
    return tables.assumptions_table(assumptions(dataset.rows), dataset, language)


def _implied(_: Dataset, language: str) -> Table:
    few = {name: ensemble.take(range(3)) for name, ensemble in shipped_ensembles().items()}
    return tables.implied_table(fits(few), language)


def _simulation(_: Dataset, language: str) -> Table:
    return tables.simulation_table(read_results(), language)


_OF_LEAKS: dict[str, Callable[[Dataset, str], Table]] = {
    "models": _models,
    "leak_risk": tables.leak_risk_table,
    "dose": tables.dose_table,
    "precision": _precision,
    "validation": _validation,
    "relief": tables.relief_table,
    "comparators": _comparators,
    "specification": _specification,
    "assumptions": _assumptions,
    "implied": _implied,
    "simulation": _simulation,
}


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
        *_OF_LEAKS,
    ]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["es", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)

"""The leak rate beside those of other series: exact intervals and differences, without a claim about causes."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from statsmodels.stats.proportion import confint_proportions_2indep

from vpresearch.core.entries import read_text
from vpresearch.core.errors import InputError, Problem, refused, tell
from vpresearch.core.paths import COMPARATORS
from vpresearch.core.reported import Reported
from vpresearch.inference import fisher
from vpresearch.regression.design import Design
from vpresearch.regression.precision import ClusteredProportion, clopper_pearson, korn_graubard

# How the paper says that its leaks were found; by plain radiographs besides.
OWN_DETECTION = "CT"
# What a cell may hold, and the words for what to do where it holds something else.
_CELLS = {
    "study": (".+", "series_empty"),
    "year": ("[0-9]{4}", "series_year"),
    "doi": (r"(10\..+/.+)?", "series_doi"),
    "citation": (".+", "series_empty"),
    "procedure": ("(vertebroplasty|kyphoplasty)?", "series_word_or_nothing"),
    "detection": ("CT|radiograph|fluoroscopy|mixed|unknown", "series_word"),
    "unit": ("(vertebrae|patients|procedures)?", "series_word_or_nothing"),
    "sites": ("all|one", "series_word"),
    "leaks": ("[0-9]*", "series_count"),
    "n": ("([1-9][0-9]*)?", "series_count"),
    "percent": (r"([0-9]{1,2}(\.[0-9]+)?|100)?", "series_percent"),
    "verified": ("yes|attributed|no", "series_word"),
    "role": ("cited_by_paper|added", "series_word"),
    "note": (".*", "series_empty"),
}


@dataclass(frozen=True)
class Comparator:
    """One leak rate of one study."""

    study: str
    year: int
    doi: str
    citation: str
    procedure: str
    detection: str
    unit: str
    sites: str
    leaks: int | None
    n: int | None
    printed: Reported | None
    verified: str
    role: str
    note: str

    @property
    def percent(self) -> float:
        """Leak rate, from the counts where both are known, else as printed."""
        if self.leaks is not None and self.n is not None:
            return 100 * self.leaks / self.n
        return float(self.printed.value) if self.printed is not None else math.nan

    @property
    def alike(self) -> bool:
        """Whether it is known to count vertebrae with any leak on CT after vertebroplasty, as the paper does."""
        known = (self.procedure, self.detection, self.unit, self.sites)
        return known == ("vertebroplasty", "CT", "vertebrae", "all")


@dataclass(frozen=True)
class Comparison:
    """A leak rate beside that of one other series."""

    comparator: Comparator
    percent: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    p_value: float
    inside: bool
    reason: str = ""


@dataclass(frozen=True)
class Rate:
    """A leak rate with two intervals: exact, and for vertebrae that share patients."""

    leaks: int
    n: int
    exact: tuple[float, float]
    clustered: ClusteredProportion


def own_rate(study: Design) -> Rate:
    """Return the leak rate of a study."""
    return Rate(study.events, study.n, clopper_pearson(study.events, study.n), korn_graubard(study))


def compare(events: int, n: int, comparators: Sequence[Comparator]) -> tuple[Comparison, ...]:
    """Set a leak rate beside those of other series.

    No difference says why the rates differ. Leaks are found by different means, and CT finds more than radiographs;
    some series count patients and not vertebrae (``Comparator.alike`` tells), and are not tested; cases, cement and
    definitions differ. Fisher's test and Newcombe's interval also take all vertebrae as independent, so they are too
    sure.

    Newcombe RG. Stat Med 1998;17:873-890 (method 10). Fisher RA. J R Stat Soc 1935;98:39-82.
    """
    own = clopper_pearson(events, n)
    return tuple(_compare(events, n, own, other) for other in comparators)


def _compare(events: int, n: int, own: tuple[float, float], other: Comparator) -> Comparison:
    percent = other.percent
    difference = 100 * events / n - percent
    inside = own[0] <= percent <= own[1]
    if other.leaks is None or other.n is None:
        nan = math.nan
        return Comparison(other, percent, nan, nan, difference, nan, nan, nan, inside, "no_counts")
    exact = clopper_pearson(other.leaks, other.n)
    reason = "other_unit" if other.unit != "vertebrae" else "one_site" if other.sites == "one" else ""
    if reason:
        # What is not tested has no interval of the difference either: it would be the same test.
        return Comparison(other, percent, *exact, difference, math.nan, math.nan, math.nan, inside, reason)
    ends = confint_proportions_2indep(events, n, other.leaks, other.n, method="newcomb")
    apart = 100 * float(ends[0]), 100 * float(ends[1])
    p_value = fisher(np.array([[events, n - events], [other.leaks, other.n - other.leaks]])).p_value
    return Comparison(other, percent, *exact, difference, *apart, p_value, inside)


# -- the file ----------------------------------------------------------------------------------------------------


def read_comparators(path: Path | str = COMPARATORS) -> tuple[Comparator, ...]:
    """Read the leak rates of other series."""
    path = Path(path)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), restval="")
    try:
        rows = list(reader)
    except csv.Error:
        raise refused(path.name, "broken_csv") from None
    missing = [column for column in _CELLS if column not in (reader.fieldnames or ())]
    problems = [tell("missing_column", wording="series_column", column=column) for column in missing]
    if not missing:
        problems = [problem for number, row in enumerate(rows, start=2) for problem in _check(row, number)]
    if problems:
        raise InputError(path.name, problems)
    return tuple(_comparator(row) for row in rows)


def _check(row: Mapping[str, str], number: int) -> list[Problem]:
    problems = [
        tell(
            "not_allowed",
            wording=wording,
            row=number,
            column=column,
            accepted=re.sub("[()?]", "", pattern).replace("|", ", "),
        )
        for column, (pattern, wording) in _CELLS.items()
        if not re.fullmatch(pattern, row[column], re.DOTALL if column == "note" else 0)
    ]
    return problems or _check_rate(_comparator(row), number)


def _check_rate(study: Comparator, number: int) -> list[Problem]:
    """Check that there is a rate, and that the counts print as the percentage."""
    code = ""
    if math.isnan(study.percent):
        code = "no_rate"
    elif study.percent > 100:
        code = "too_many"
    elif study.printed is not None and study.percent not in study.printed.interval():
        code = "disagree"
    return [tell(code, wording=f"series_{code}", row=number, column="percent")] if code else []


def _comparator(row: Mapping[str, str]) -> Comparator:
    values: dict[str, Any] = {column: row[column] for column in _CELLS}
    percent = values.pop("percent")
    numbers = {column: int(row[column]) if row[column] else None for column in ("year", "leaks", "n")}
    return Comparator(**values | numbers, printed=Reported(percent) if percent else None)

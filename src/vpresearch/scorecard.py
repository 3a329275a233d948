"""Every printed number beside the one recomputed, with a verdict and its reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from vpresearch.audit import findings, implied_by
from vpresearch.audit.counts import OF_LEAKS
from vpresearch.core.dictionary import UNITS, columns
from vpresearch.core.entries import read_text
from vpresearch.core.frame import Framed
from vpresearch.core.paths import NO_PAPER, PUBLISHED
from vpresearch.data import Dataset
from vpresearch.inference import ALPHA, compare_by_leak
from vpresearch.inference.describe import Summary, positions, summarise, values_in
from vpresearch.published import Claim, Compute, Paper, read_paper
from vpresearch.reconstruct import most_mean_fill, targeted

Verdict = Literal[
    "reproduced",
    "differs",
    "not computable",
    "by construction",
    "consistent",
    "unattainable",
    "withheld",
]


@dataclass(frozen=True)
class Note:
    """One reason, or the method, as a code with the values that a sentence about it needs."""

    code: str
    values: Mapping[str, str | float]


@dataclass(frozen=True)
class Computed:
    """A recomputed quantity."""

    value: float
    method: Note
    reason: Note | None = None


@dataclass(frozen=True)
class Row(Framed):
    """One claim with its verdict.

    Attributes
    ----------
    claim : Claim
    computed : Computed
    rounded : str
        Computed value in the printed style, or the empty string.
    verdict : Verdict
    reasons : tuple of Note
    coarse : bool
        Whether the computed value is shown no finer than the printed one.

    Examples
    --------
    >>> import vpresearch as vp
    >>> paper, study = vp.read_paper(vp.PUBLISHED), vp.load(vp.RECONSTRUCTION)
    >>> row, *_ = vp.score_paper(paper, study)
    >>> row.claim.id, row.claim.printed.printed, row.rounded, row.verdict
    ('cohort.patients.n', '27', '27', 'by construction')
    """

    claim: Claim
    computed: Computed
    rounded: str
    verdict: Verdict
    reasons: tuple[Note, ...]
    coarse: bool = False

    def records(self) -> list[dict[str, Any]]:
        """Return the claim, the number printed and recomputed, the verdict and the codes of its reasons."""
        return [
            {
                "claim": self.claim.id,
                "printed": self.claim.printed.printed,
                "computed": self.computed.value,
                "rounded": self.rounded,
                "verdict": self.verdict,
                "reasons": " ".join(note.code for note in self.reasons),
            }
        ]


def held_against(path: Path, dataset: Dataset, *, named: bool) -> Path:
    """Return the paper that a study is held against: none, where it was not asked for and the study is another's."""
    return path if named or not _is_another(read_paper(path), dataset) else NO_PAPER


def _is_another(paper: Paper, dataset: Dataset) -> bool:
    """Return whether a study is not the paper's: it is twice as large, and lacks something that the paper prints."""
    sizes = (claim for claim in paper.claims if claim.compute == Compute("n", "vertebrae"))
    larger = any(len(dataset.vertebrae) > 2 * float(claim.printed.value) for claim in sizes)
    printed = {claim.compute.variable for claim in paper.claims if claim.kind in {"mean", "sd"}}
    return larger and not printed <= set(dataset.rows.columns[dataset.rows.notna().any()])


def scorecard(paper: Paper, dataset: Dataset, alpha: float = ALPHA) -> list[Row]:
    """Hold every claim of a paper against a dataset.

    A computed value agrees if it lies in the closed rounding interval of the printed number: half a unit of the last
    printed place either side, ends included, which accepts rounding half-up and half-even alike.

    Parameters
    ----------
    paper : Paper
    dataset : Dataset
    alpha : float, default 0.05
        Level of the protocol's test of normality.

    Returns
    -------
    list of Row
        One a claim, in the order of the paper's file.

    Examples
    --------
    >>> import vpresearch as vp
    >>> paper, study = vp.read_paper(vp.PUBLISHED), vp.load(vp.RECONSTRUCTION)
    >>> sorted({row.verdict for row in vp.score_paper(paper, study)})
    ['by construction', 'unattainable']
    """
    # The numbers of a row of tests are audited alone.
    return [judge(paper, claim, dataset, alpha) for claim in paper.claims if claim.kind != "test"]


def corrected(path: Path, rows: Iterable[Row]) -> str:
    """Write a paper's file anew with each number as the data give it, and what they do not give as it was."""
    given = {row.claim.id: row.rounded for row in rows if row.rounded and row.claim.kind != "verbal"}
    content = yaml.safe_load(read_text(path))
    content["paper"]["key"] += "-corrected"
    for claim in content["claims"]:
        claim["printed"] = given.get(claim["id"], claim["printed"])
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120))


def differing(rows: list[Row]) -> list[Row]:
    """Select the claims that the data contradict."""
    return [row for row in rows if row.verdict == "differs"]


def judge(paper: Paper, claim: Claim, dataset: Dataset, alpha: float = ALPHA) -> Row:
    """Compute one claim and give its verdict."""
    computed = compute(claim.compute, dataset, alpha)
    known = findings(paper, claim)
    notes = *(Note(finding.code, finding.values) for finding in known), *near_the_edge(paper, claim)
    if computed.reason is not None:
        return Row(claim, computed, "", "not computable", (computed.reason,))
    rounded = claim.printed.render(computed.value)
    if computed.value in claim.printed.interval():
        if not dataset.reconstruction:
            return Row(claim, computed, rounded, "reproduced", (Note("agrees", {}), *notes))
        verdict, reason = _of_reconstruction(paper, claim, dataset, alpha)
        return Row(claim, computed, rounded, verdict, (reason, *notes))
    differs = (Note("differs", {}), *_near_misses(claim, dataset, alpha), *notes)
    if dataset.reconstruction and any(finding.code == "p_unattainable" for finding in known):
        return Row(claim, computed, rounded, "unattainable", (*differs, Note("nearest", {})))
    return Row(claim, computed, rounded, "differs", differs)


def _of_reconstruction(paper: Paper, claim: Claim, dataset: Dataset, alpha: float) -> tuple[Verdict, Note]:
    """Tell whether a reconstruction agrees because it was made to, because it had to, or of its own accord."""
    if _aimed_at(claim):
        return "by construction", Note("by_construction", {})
    aims = [each for each in paper.claims if _aimed_at(each)]
    while parents := implied_by(claim, aims):
        met = {each.id: compute(each.compute, dataset, alpha).value in each.printed.interval() for each in parents}
        if all(met.values()):
            return "by construction", Note("implied", {"list": ", ".join(met)})
        # What the data were made for and miss implies nothing about them.
        aims = [each for each in aims if met.get(each.id, True)]
    return "consistent", Note("consistent", {})


def _aimed_at(claim: Claim) -> bool:
    """Whether the reconstruction was made to satisfy a claim: one that the compendium's own paper prints alike."""
    own = _own_claims().get(claim.id)
    return targeted(claim) and own is not None and (own.printed, own.compute) == (claim.printed, claim.compute)


@cache
def _own_claims() -> Mapping[str, Claim]:
    return {claim.id: claim for claim in read_paper(PUBLISHED).claims}


def near_the_edge(paper: Paper, claim: Claim) -> Iterator[Note]:
    """Say of a mean fill ratio that the other printed numbers leave little room for it."""
    if claim.compute.statistic != "mean" or claim.compute.variable != "fill_percent" or claim.compute.group:
        return
    most, printed = most_mean_fill(paper), claim.printed.interval()
    if most is not None and printed.low is not None and printed.high is not None and printed.low <= most < printed.high:
        # An upper bound is rounded upwards, or it would be none.
        most = math.ceil(100 * most) / 100
        yield Note("near_the_edge", {"most": most, "low": float(printed.low), "printed": claim.printed.printed})


def _near_misses(claim: Claim, dataset: Dataset, alpha: float) -> list[Note]:
    """Look whether another unit of analysis or another test gives the printed number."""
    notes = []
    if claim.kind == "p":
        tests = compare_by_leak(dataset, str(claim.compute.variable), alpha).tests
        agreeing = [name for name, test in tests.items() if test.p_value in claim.printed.interval()]
        notes += [Note("other_test", {"test": name}) for name in agreeing]
    elif claim.compute.statistic in {"mean", "percent"} and _of_patients(claim.compute):
        over = "patients" if claim.compute.over == "vertebrae" else "vertebrae"
        other = compute(over_unit(claim.compute, over), dataset, alpha)
        if other.value in claim.printed.interval():
            notes.append(Note("other_unit", {"over": over}))
    return notes


def _of_patients(spec: Compute) -> bool:
    """Whether a claim is about what belongs to a patient, and could be counted either way."""
    names = [spec.variable] if spec.variable else list(spec.group)
    return all(name in columns() and columns()[name].unit_of_observation == "patient" for name in names)


def over_unit(spec: Compute, over: str) -> Compute:
    """Return what is to be computed at another unit of analysis."""
    return replace(spec, over="patients" if over == "patients" else "vertebrae")


# -- what to compute ---------------------------------------------------------------------------------------------


def compute(spec: Compute, dataset: Dataset, alpha: float = ALPHA) -> Computed:
    """Compute what a claim asks for."""
    missing = _missing_columns(spec, dataset)
    method = Note(spec.statistic, spec.parts())
    if spec.over not in UNITS:
        return Computed(math.nan, method, Note("no_unit", {"over": spec.over}))
    if missing:
        return Computed(math.nan, method, Note("no_column", {"column": missing[0]}))
    if spec.by not in (None, "leak"):
        return Computed(math.nan, method, Note("by_leak_alone", {}))
    if spec.statistic in {"p", "smallest_p"}:
        return _p_value(spec, dataset, alpha)
    value = _STATISTICS[spec.statistic](spec, dataset)
    if math.isnan(value):
        return Computed(math.nan, method, Note("too_few", {}))
    return Computed(value, method)


def _missing_columns(spec: Compute, dataset: Dataset) -> list[str]:
    needed = [*spec.variables, *spec.fell, *spec.group, *spec.minus, *spec.within]
    needed += [spec.variable] if spec.variable else []
    return [column for column in needed if column not in dataset.rows]


def part_and_whole(spec: Compute, dataset: Dataset) -> tuple[int, int]:
    """Count what a claim counts, and what that is part of: of a share, those alone whose answer is known."""
    whole = positions(dataset, "vertebrae", spec.within)
    if spec.fell:
        whole = _known(dataset, whole, spec.fell)
        before, after = (dataset.cells(name)[whole] for name in spec.fell)
        part = whole[after < before]
    else:
        if spec.statistic == "percent":
            whole = _known(dataset, whole, spec.group)
        part = positions(dataset, "vertebrae", {**spec.within, **spec.group})
        part = _known(dataset, part, [spec.variable]) if spec.variable else part
    if spec.over == "patients":
        ids = dataset.cells("patient_id")
        return len({*ids[part]}), len({*ids[whole]})
    return len(part), len(whole)


def _known(dataset: Dataset, rows: NDArray[np.intp], names: Iterable[str]) -> NDArray[np.intp]:
    """Keep the rows in which something stands in each of some columns."""
    for name in names:
        rows = rows[~pd.isna(dataset.cells(name)[rows])]
    return rows


def _n(spec: Compute, dataset: Dataset) -> float:
    # None of what nobody recorded is not a count.
    return float(part_and_whole(spec, dataset)[0]) if all(_recorded(spec, dataset)) else math.nan


def _recorded(spec: Compute, dataset: Dataset) -> Iterator[bool]:
    """Tell of each column that a count depends on whether anybody filled it where there was something to fill."""
    for name in (*spec.group, *([spec.variable] if spec.variable else ())):
        asked = _asked(spec, name, dataset, "vertebrae")
        # An empty text says that there was none.
        is_text = name in columns() and columns()[name].kind == "text"
        yield is_text or not len(asked) or not pd.isna(asked).all()


def _asked(spec: Compute, name: str, dataset: Dataset, over: str) -> NDArray[Any]:
    """Return the cells of a column of which an answer could be had."""
    return values_in(dataset, over, {**spec.within, **({"leak": "yes"} if name in OF_LEAKS else {})}, name)


def _percent(spec: Compute, dataset: Dataset) -> float:
    part, whole = part_and_whole(spec, dataset)
    return 100 * part / whole if whole else math.nan


def _summary(name: str) -> Callable[[Compute, Dataset], float]:
    return lambda spec, dataset: getattr(_summarised(spec, dataset, spec.group), name)


def _summarised(spec: Compute, dataset: Dataset, group: Mapping[str, str]) -> Summary:
    over, variable = spec.over, str(spec.variable)
    asked = ("summarised", over, tuple(group.items()), variable)
    return dataset.keep(asked, lambda: summarise(values_in(dataset, over, group, variable)))


def _difference(spec: Compute, dataset: Dataset) -> float:
    minuend, subtrahend = (_summarised(spec, dataset, group).mean for group in (spec.group, spec.minus))
    return minuend - subtrahend


def lead(spec: Compute, dataset: Dataset) -> float:
    """Count how many more rows a category has than the next one."""
    ((column, value),) = spec.group.items()
    cells = values_in(dataset, spec.over, spec.within, column)
    counts = Counter(cells[~pd.isna(cells)])
    return float(counts.pop(value, 0) - max(counts.values(), default=0))


_STATISTICS = {
    "n": _n,
    "percent": _percent,
    "mean": _summary("mean"),
    "sd": _summary("sd"),
    "min": _summary("minimum"),
    "q1": _summary("q1"),
    "median": _summary("median"),
    "q3": _summary("q3"),
    "max": _summary("maximum"),
    "difference": _difference,
    "lead": lead,
}


def _p_value(spec: Compute, dataset: Dataset, alpha: float) -> Computed:
    """Run the protocol on one variable, or on several for the smallest p."""
    variables = spec.variables or (str(spec.variable),)
    comparisons = {variable: compare_by_leak(dataset, variable, alpha) for variable in variables}
    failed = [comparison.result for comparison in comparisons.values() if math.isnan(comparison.result.p_value)]
    if failed:
        method = Note(spec.statistic, spec.parts())
        return Computed(math.nan, method, Note("test_not_done", {"why_not": failed[0].reason}))
    variable = min(comparisons, key=lambda name: comparisons[name].result.p_value)
    chosen = comparisons[variable]
    method = Note(
        f"{spec.statistic}_{chosen.chosen}",
        {
            "variable": variable,
            "statistic": chosen.result.statistic,
            "df": chosen.result.df,
            "shapiro_no": chosen.normality[0].p_value,
            "shapiro_yes": chosen.normality[1].p_value,
            "why": chosen.why,
        },
    )
    return Computed(chosen.result.p_value, method)


# -- why a number differs --------------------------------------------------------------------------------------------

Cause = Literal["test", "unit", "truncation", "impossible", "missing", "not_computable", "unexplained"]
CAUSES: tuple[Cause, ...] = get_args(Cause)
_DIFFERENT = ("differs", "unattainable", "not computable")


def cause(row: Row, dataset: Dataset) -> Cause | None:
    """Report what would give a printed number that the data do not give."""
    if row.verdict not in _DIFFERENT:
        return None
    if row.verdict == "not computable":
        return "not_computable"
    codes = {note.code for note in row.reasons}
    if "other_test" in codes:
        return "test"
    if "other_unit" in codes:
        return "unit"
    if row.computed.value in row.claim.printed.interval("truncation"):
        return "truncation"
    if "p_unattainable" in codes:
        return "impossible"
    return "missing" if missing(row, dataset) else "unexplained"


def missing(row: Row, dataset: Dataset) -> int:
    """Count the values that are missing of what is counted or summarised; an empty text is no gap."""
    spec = row.claim.compute
    if row.verdict == "not computable" or spec.statistic in {"p", "difference"}:
        return 0
    gaps = sum(int(pd.isna(_asked(spec, name, dataset, spec.over)).sum()) for name in spec.group)
    if spec.variable is None or ((column := columns().get(spec.variable)) and column.kind == "text"):
        # An empty cell of complications says that there was none.
        return gaps
    counted = values_in(dataset, spec.over, {**spec.within, **spec.group}, spec.variable)
    return gaps + int(pd.isna(counted).sum())

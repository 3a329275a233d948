"""Counts against percentages, and parts against totals."""

from __future__ import annotations

from collections.abc import Iterator

from vpresearch.audit.check import Check
from vpresearch.published import Claim, Paper
from vpresearch.reported import RoundingRule


def check_counts(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Check counts against percentages, sums and denominators.

    Parameters
    ----------
    paper : Paper
    rule : {"any", "half-up", "half-even", "truncation"}

    Yields
    ------
    Check
    """
    yield from _percentages(paper, rule)
    yield from _sums(paper)
    yield from _denominators(paper, rule)


def _percentages(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Hold each percentage against the count of the same group, and the total."""
    counts = _counts(paper)
    for claim in _of_kind(paper, "percentage"):
        compute = claim.compute
        part = counts.get((compute.over, _key(compute.group)))
        whole = counts.get((compute.over, _key(compute.within)))
        if part is None or whole is None or not whole.printed.value:
            continue
        share = 100 * part.printed.value / whole.printed.value
        holds = share in claim.printed.interval(rule)
        values: dict[str, str | float] = {
            "count": float(part.printed.value),
            "n": float(whole.printed.value),
            "percent": float(share),
            "printed": claim.printed.printed,
        }
        yield Check(
            "percentage",
            (claim.id, part.id, whole.id),
            "possible" if holds else "impossible",
            "percentage_holds" if holds else "percentage_fails",
            values,
            witness=f"{part.printed.value} / {whole.printed.value}" if holds else "",
        )


def _sums(paper: Paper) -> Iterator[Check]:
    """Hold the categories of a column against their total: no more than it, and equal where all are printed."""
    counts = _counts(paper)
    by_column: dict[tuple[str, str], list[Claim]] = {}
    for claim in _of_kind(paper, "count"):
        if len(claim.compute.group) == 1 and claim.compute.variable is None:
            by_column.setdefault((claim.compute.over, next(iter(claim.compute.group))), []).append(claim)
    for (over, column), parts in by_column.items():
        distinct = {claim.compute.group[column]: claim for claim in parts}
        whole = counts.get((over, ())) if column not in _OF_LEAKS else counts.get((over, (("leak", "yes"),)))
        if whole is None or len(distinct) < 2:
            continue
        total = sum(int(claim.printed.value) for claim in distinct.values())
        holds = total == whole.printed.value
        yield Check(
            "sum",
            (*(claim.id for claim in distinct.values()), whole.id),
            "possible" if holds else ("impossible" if total > whole.printed.value else "undecided"),
            "sum_holds" if holds else ("sum_above" if total > whole.printed.value else "sum_below"),
            {"column": column, "sum": float(total), "n": float(whole.printed.value)},
            witness=" + ".join(claim.printed.printed for claim in distinct.values()) if holds else "",
        )


# Columns that only a leak has.
_OF_LEAKS = frozenset({"leak_site", "leak_size"})


def _denominators(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Try each percentage out of everybody, of its own unit and of the other: only one may be what it refers to."""
    totals = {over: claim for (over, where), claim in _counts(paper).items() if not where}
    for claim in _of_kind(paper, "percentage"):
        if claim.compute.within or claim.compute.over not in totals:
            continue
        printed = claim.printed.interval(rule)
        fitting = {
            over: [count for count in range(n + 1) if 100 * count / n in printed]
            for over, n in ((over, int(total.printed.value)) for over, total in totals.items())
        }
        own, n = fitting[claim.compute.over], int(totals[claim.compute.over].printed.value)
        others = [over for over, counts in fitting.items() if over != claim.compute.over and not counts]
        code = "denominator_fails" if not own else ("denominator_forced" if others else "denominator_fits")
        yield Check(
            "denominator",
            (claim.id, *(total.id for total in totals.values())),
            "possible" if own else "impossible",
            code,
            {"printed": claim.printed.printed, "n": float(n), "over": claim.compute.over, "other": " ".join(others)},
            n_datasets=len(own),
            witness=f"{own[0]} / {n}" if own else "",
        )


def _counts(paper: Paper) -> dict[tuple[str, tuple[tuple[str, str], ...]], Claim]:
    return {
        (claim.compute.over, _key(claim.compute.group)): claim
        for claim in reversed(paper.claims)
        if claim.kind == "count" and claim.compute.variable is None
    }


def _key(group: object) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(dict(group).items()))  # type: ignore[call-overload]


def _of_kind(paper: Paper, kind: str) -> list[Claim]:
    return [claim for claim in paper.claims if claim.kind == kind]

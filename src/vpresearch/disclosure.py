"""What a public run may not say: counts of a few, what gives them away, and single patients' values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from vpresearch.describe import select
from vpresearch.dictionary import columns
from vpresearch.errors import InputError
from vpresearch.load import Dataset
from vpresearch.published import Compute
from vpresearch.scorecard import Note, Row, part_and_whole
from vpresearch.suppression import Sum, suppress
from vpresearch.telling import tell

# Claims of these follow what the tables of them hide.
_OF_LEVELS, _OF_LEAK_KINDS = {"level", "region"}, {"leak_site", "leak_size"}
_REGIONS = ("thoracic", "lumbar")


def check_public(dataset: Dataset, min_cell: int) -> None:
    """Refuse a public run of a dataset whose two groups are themselves small.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        Least count that is shown.

    Raises
    ------
    InputError
        If vertebrae or patients with, or without, a leak are fewer: nearly every table tells how many these are.
    """
    problems = []
    for leak in ("no", "yes"):
        sizes = [len(select(dataset, over, {"leak": leak})) for over in ("vertebrae", "patients")]
        if 0 < min(sizes) < min_cell:
            problems.append(tell("too_few_for_public", wording=f"too_few_for_public_{leak}", least=min_cell))
    if problems:
        raise InputError(dataset.name, problems)


def hidden_levels(dataset: Dataset, min_cell: int) -> frozenset[str]:
    """Choose the levels and regions whose number of vertebrae is not shown.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int

    Returns
    -------
    frozenset of str
    """
    vertebrae = dataset.vertebrae
    levels = {level.value: int((vertebrae["level"] == level.value).sum()) for level in columns()["level"].levels}
    sums = [Sum(region, tuple(level for level in levels if level[0] == region[0].upper())) for region in _REGIONS]
    counts = levels | {each.total: sum(levels[part] for part in each.parts) for each in sums} | {"all": len(vertebrae)}
    return frozenset(suppress(counts, [*sums, Sum("all", _REGIONS)], min_cell, known=["all"]))


def hidden_leak_kinds(dataset: Dataset, min_cell: int) -> frozenset[str | tuple[str, str]]:
    """Choose the sites, and pairs of site and size, whose number of leaks is not shown.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int

    Returns
    -------
    frozenset of str or tuple of str
    """
    leaks = select(dataset, "vertebrae", {"leak": "yes"})
    sites, sizes = ([level.value for level in columns()[name].levels] for name in ("leak_site", "leak_size"))
    counts: dict[Any, int] = {
        (site, size): int(((leaks["leak_site"] == site) & (leaks["leak_size"] == size)).sum())
        for site in sites
        for size in sizes
    }
    sums = [Sum(site, tuple((site, size) for size in sizes)) for site in sites]
    counts |= {each.total: sum(counts[part] for part in each.parts) for each in sums}
    recorded = sum(counts[site] for site in sites)
    if 0 < len(leaks) - recorded < min_cell:
        # The number of leaks is known: what is shown of the others would tell these few.
        return frozenset(counts)
    counts["all"] = recorded
    # The figure of the sites shows all of them where none is small.
    whole = [site for site in sites if all(not 0 < counts[site] < min_cell for site in sites)]
    return frozenset(suppress(counts, [*sums, Sum("all", tuple(sites))], min_cell, known=["all", *whole]))


def is_small(count: int, whole: int, min_cell: int) -> bool:
    """Tell whether a count, or what is left of the whole, is of a few.

    Examples
    --------
    >>> is_small(26, 27, 5), is_small(27, 27, 5), is_small(0, 27, 5), is_small(20, 27, 5)
    (True, False, False, False)
    """
    return 0 < count < min_cell or 0 < whole - count < min_cell


def withhold(rows: Sequence[Row], dataset: Dataset, min_cell: int) -> list[Row]:
    """Take the answer from every claim that a public run may not answer, its verdict included.

    Parameters
    ----------
    rows : sequence of Row
    dataset : Dataset
    min_cell : int

    Returns
    -------
    list of Row
    """
    hidden = partial(_is_hidden, dataset=dataset, min_cell=min_cell)
    return [
        _withheld(row, min_cell) if row.verdict != "not computable" and hidden(row.claim.compute) else row
        for row in rows
    ]


def _withheld(row: Row, min_cell: int) -> Row:
    computed = replace(row.computed, value=math.nan)
    return replace(
        row, computed=computed, rounded="", verdict="withheld", reasons=(Note("withheld", {"least": min_cell}),)
    )


def _is_hidden(spec: Compute, dataset: Dataset, min_cell: int) -> bool:
    if spec.statistic in {"min", "max"}:
        return True
    if spec.statistic not in {"n", "percent", "lead"}:
        groups = [group for group in (spec.group, spec.minus) if group]
        return any(0 < len(select(dataset, spec.over, group)) < min_cell for group in groups)
    named = {**spec.within, **spec.group}
    if _OF_LEVELS & set(named):
        hidden = hidden_levels(dataset, min_cell)
        return bool(hidden) if spec.statistic == "lead" else not hidden.isdisjoint(named.values())
    if _OF_LEAK_KINDS & set(named):
        kinds = hidden_leak_kinds(dataset, min_cell)
        alone = spec.statistic != "lead" and set(spec.group) == {"leak_site"}
        return spec.group["leak_site"] in kinds if alone else bool(kinds)
    if spec.statistic == "lead":
        ((column, _),) = spec.group.items()
        sizes = select(dataset, spec.over, spec.within)[column].value_counts()
        return any(size < min_cell for size in sizes)
    return is_small(*part_and_whole(spec, dataset), min_cell)

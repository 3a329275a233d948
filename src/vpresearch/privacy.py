"""What a public run withholds, so that no count or value of a few patients can be computed back."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.special import chdtri

from vpresearch.audit import student_from_printed
from vpresearch.core.dictionary import REGIONS, columns, times
from vpresearch.core.errors import InputError, tell
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset
from vpresearch.inference import kruskal, student
from vpresearch.inference.describe import select, summarise
from vpresearch.published import QUANTILES, Claim, Compute
from vpresearch.scorecard import Note, Row, over_unit, part_and_whole

# Whatever names a count and can be the key of a dictionary, which is invariant in its keys.
Cell = Any


@dataclass(frozen=True)
class Sum:
    """A margin: a count that is the sum of others."""

    total: Cell
    parts: tuple[Cell, ...]


def suppress(
    counts: Mapping[Cell, int], sums: Sequence[Sum], min_cell: int, known: Collection[Cell] = ()
) -> frozenset[Cell]:
    """Choose the counts to hide: the small ones, and as many others as keep these from being worked out.

    Zeros stay as long as that is possible: nobody is behind them. A reader then knows that a hidden count is at least
    1, and this is what the search reckons with.
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < min_cell}
    if not hidden.isdisjoint(known):
        raise ValueError("a count that is known elsewhere is small")
    small = frozenset(hidden)
    while exposed := derivable(counts, sums, hidden):
        shown = [cell for cell, count in counts.items() if count and cell not in hidden and cell not in known]
        if not shown:
            return frozenset(counts) - frozenset(known)
        hidden.add(min(shown, key=lambda cell: _cost(cell, hidden, exposed, counts, sums)))
    # The search may have hidden more on its way than the end needs.
    for cell in sorted(hidden - small, key=lambda cell: -counts[cell]):
        if not derivable(counts, sums, hidden - {cell}):
            hidden.remove(cell)
    return frozenset(hidden)


def derivable(counts: Mapping[Cell, int], sums: Sequence[Sum], hidden: Collection[Cell]) -> frozenset[Cell]:
    """Find the hidden counts that follow from the shown ones."""
    places = {cell: place for place, cell in enumerate(cell for cell in counts if cell in hidden)}
    if not places:
        return frozenset()
    rows, rests = _equations(counts, sums, places)
    least = int(all(counts[cell] for cell in places))
    return frozenset(cell for cell, place in places.items() if _is_fixed(place, counts[cell], least, rows, rests))


def _equations(
    counts: Mapping[Cell, int], sums: Sequence[Sum], places: Mapping[Cell, int]
) -> tuple[NDArray[np.float64], list[float]]:
    """Write the sums in the hidden counts alone: what they must add up to."""
    rows, rests = [], []
    for each in sums:
        row, rest = np.zeros(len(places)), 0.0
        for cell, sign in ((each.total, 1), *((part, -1) for part in each.parts)):
            if cell in places:
                row[places[cell]] += sign
            else:
                rest -= sign * counts[cell]
        if row.any():
            rows.append(row)
            rests.append(rest)
    return np.array(rows).reshape(len(rows), len(places)), rests


def _is_fixed(place: int, value: int, least: int, rows: NDArray[np.float64], rests: list[float]) -> bool:
    """Whether no whole numbers from the least that keep the sums have another number in this place."""
    n = rows.shape[1]
    kept = [LinearConstraint(rows, rests, rests)] if len(rests) else []
    for low, high in ((float(least), value - 1.0), (value + 1.0, np.inf)):
        if low > high:
            continue
        lower, upper = np.full(n, float(least)), np.full(n, np.inf)
        lower[place], upper[place] = low, high
        # Feasible is status 0; with nothing to minimise there is no other bound to run into.
        if milp(np.zeros(n), constraints=kept, bounds=Bounds(lower, upper), integrality=np.ones(n, int)).status == 0:
            return False
    return True


def _cost(
    cell: Cell, hidden: Collection[Cell], exposed: Collection[Cell], counts: Mapping[Cell, int], sums: Sequence[Sum]
) -> tuple[int, bool, int, int]:
    """Rank what to hide next: where it joins lone hidden counts, beside an exposed one, no margin, and little."""
    own = [names for each in sums if cell in (names := {each.total, *each.parts})]
    lone = sum(len(names.intersection(hidden)) == 1 for names in own)
    beside = any(not names.isdisjoint(exposed) for names in own)
    return (-lone, not beside, sum(cell == each.total for each in sums), counts[cell])


# Claims of these follow what the tables of them hide.
_OF_LEVELS, _OF_LEAK_KINDS = {"level", "region"}, {"leak_site", "leak_size"}
_LEAKS = ("no", "yes")
# Of a score, and of p; the paper prints no more.
_DECIMALS, _P_DECIMALS = 1, 3


def check_public(dataset: Dataset, min_cell: int) -> None:
    """Refuse a public run of a dataset whose two groups are themselves small."""
    problems = []
    for leak in ("no", "yes"):
        sizes = [len(select(dataset, over, {"leak": leak})) for over in ("vertebrae", "patients")]
        if 0 < min(sizes) < min_cell:
            problems.append(tell("too_few_for_public", wording=f"too_few_for_public_{leak}", least=min_cell))
    if problems:
        raise InputError(dataset.name, problems)


def hidden_levels(dataset: Dataset, min_cell: int) -> frozenset[str]:
    """Choose the levels and regions whose number of vertebrae is not shown."""
    vertebrae = dataset.vertebrae
    levels = {level.value: int((vertebrae["level"] == level.value).sum()) for level in columns()["level"].levels}
    regions = tuple(REGIONS.values())
    sums = [Sum(region, tuple(level for level in levels if REGIONS[level[0]] == region)) for region in regions]
    counts = levels | {each.total: sum(levels[part] for part in each.parts) for each in sums} | {"all": len(vertebrae)}
    return frozenset(suppress(counts, [*sums, Sum("all", regions)], min_cell, known=["all"]))


def hidden_leak_kinds(dataset: Dataset, min_cell: int) -> frozenset[str | tuple[str, str]]:
    """Choose the sites, and pairs of site and size, whose number of leaks is not shown."""
    leaks = select(dataset, "vertebrae", {"leak": "yes"})
    sites, sizes = ([level.value for level in columns()[name].levels] for name in ("leak_site", "leak_size"))
    counts: dict[Cell, int] = {
        (site, size): int(((leaks["leak_site"] == site) & (leaks["leak_size"] == size)).sum())
        for site in sites
        for size in sizes
    }
    sums = [Sum(site, tuple((site, size) for size in sizes)) for site in sites]
    counts |= {each.total: sum(counts[part] for part in each.parts) for each in sums}
    recorded = sum(counts[site] for site in sites)
    half_known = leaks["leak_site"].notna() != leaks["leak_size"].notna()
    if 0 < recorded < min_cell or 0 < len(leaks) - recorded < min_cell or half_known.any():
        # The number of leaks is known: what is shown of the others would tell these few, or these few themselves; and
        # so would the sites, or sizes, of leaks that the table leaves out for lack of the other.
        return frozenset(counts)
    counts["all"] = recorded
    # The figure of the sites shows all of them where none is small.
    whole = [site for site in sites if all(not 0 < counts[site] < min_cell for site in sites)]
    return frozenset(suppress(counts, [*sums, Sum("all", tuple(sites))], min_cell, known=["all", *whole]))


def is_small(count: int, whole: int, min_cell: int) -> bool:
    """Return whether a count, or what is left of the whole, is of a few."""
    return 0 < count < min_cell or 0 < whole - count < min_cell


def few_as_far(values: ArrayLike, at: ArrayLike, min_cell: int) -> NDArray[np.bool_]:
    """Return beyond which places fewer than so many values lie, on the side where there are fewer.

    Where the least and the greatest lie would be told by a mark of what is beyond them all.
    """
    ordered, places = np.sort(np.asarray(values, float)), np.asarray(at, float)
    below = np.searchsorted(ordered, places, side="right")
    above = len(ordered) - np.searchsorted(ordered, places, side="left")
    return np.asarray(np.minimum(below, above) < min_cell)


# -- scores that some patients lack -----------------------------------------------------------------------------


def score_counts(dataset: Dataset, variable: str) -> tuple[int, ...]:
    """Count the patients, and the vertebrae without and with a leak, that have a value and that have none."""
    parts = [_parts(dataset, variable, "patients"), *(_parts(dataset, variable, "vertebrae", leak) for leak in _LEAKS)]
    known = [int((~np.isnan(part)).sum()) for part in parts]
    return (*known, *(len(part) - n for part, n in zip(parts, known, strict=True)))


def hides_n(dataset: Dataset, variable: str, min_cell: int) -> bool:
    """Return whether a public run hides of how many a variable is known, and with it all that depends on that number.

    Degrees of freedom, statistics, effects, standard errors and intervals are then hidden everywhere: over patients
    and over vertebrae, for either count may give the other back.
    """
    return any(0 < count < min_cell for count in score_counts(dataset, variable))


def hides_relief(dataset: Dataset, score: str, n: int, min_cell: int) -> bool:
    """Return whether a public run hides how many patients a model of a score's change has, and what depends on it."""
    variables = [f"{score}_{time}" for time in times(map(str, dataset.patients), score)]
    if any(hides_n(dataset, name, min_cell) for name in variables):
        return True
    patients = len(dataset.patients)
    known = {count for name in variables if (count := score_counts(dataset, name)[0]) not in (0, patients)}
    return n != patients and known != {n}


@dataclass(frozen=True)
class Precision:
    """How finely a public run shows what is computed of a variable whose n it hides."""

    decimals: int | None
    p: bool


def precision(dataset: Dataset, variable: str, min_cell: int, over: str = "groups") -> Precision:
    """Choose how finely a variable may be told without giving back how many values of it are missing.

    A mean of whole numbers belongs to some n alone if it has decimals enough (GRIM), a standard deviation more so, and
    the p of a rank test or one held against means and standard deviations does the like. So a reader's own sums are
    done here: of the numbers of missing values that are thinkable, those are kept that all that is shown allows, and
    enough of them must be left.

    Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363-369 (GRIM). Anaya J. PeerJ Preprints 2016;4:e2400v1
    (GRIMMER).
    """
    parts, groups = _groups(dataset, variable, "groups"), _groups(dataset, variable, over)
    if any(0 < (~np.isnan(part)).sum() < min_cell for part in [*parts, _parts(dataset, variable, "patients")]):
        return Precision(None, p=False)
    alike = all_alike(dataset, variable, over)
    for decimals, p in product(range(_DECIMALS, -1, -1), (True, False)):
        if _leaves_enough([part for part in groups if not np.isnan(part).all()], decimals, min_cell, p=p):
            return Precision(None if alike else decimals, p)
    return Precision(None, p=False)


def all_alike(dataset: Dataset, variable: str, over: str = "groups") -> bool:
    """Return whether a group has no spread, as printed: its mean is then the value of each of its patients.

    Of two groups both means are hidden: the mean of all would give one back from the other.
    """
    return any(_has_no_spread(group) for group in _groups(dataset, variable, over))


def _has_no_spread(values: NDArray[np.float64]) -> bool:
    return summarise(values).sd < 0.5 * 10.0**-_DECIMALS


def _groups(dataset: Dataset, variable: str, over: str) -> list[NDArray[np.float64]]:
    if over == "groups":
        return [_parts(dataset, variable, "vertebrae", leak) for leak in _LEAKS]
    return [_parts(dataset, variable, over)]


def _parts(dataset: Dataset, variable: str, over: str, leak: str = "") -> NDArray[np.float64]:
    return select(dataset, over, {"leak": leak} if leak else {})[variable].to_numpy(float)


def _leaves_enough(groups: Sequence[NDArray[np.float64]], decimals: int, min_cell: int, *, p: bool) -> bool:
    """Return whether enough numbers of missing values go with what would be shown of the groups."""
    known = [group[~np.isnan(group)] for group in groups]
    step = _step(np.concatenate(known))
    sizes = [len(group) for group in groups]
    has_moments = [_moments_exist(values, decimals, step) for values in known]
    has_p = _p_exists(known, decimals) if p and len(groups) == 2 else lambda _: True
    few = [_about(size - len(values), min_cell) for size, values in zip(sizes, known, strict=True)]
    thinkable = [lacking for lacking in product(*few) if any(0 < n < min_cell for n in lacking)]
    allowed = []
    for lacking in thinkable:
        left = [size - n for size, n in zip(sizes, lacking, strict=True)]
        if min(left) > 1 and all(has(n) for has, n in zip(has_moments, left, strict=True)) and has_p(left):
            allowed.append(lacking)
    # Half of what can be thought, and half of what each small number can be.
    return 2 * len(allowed) >= len(thinkable) and all(
        2 * len({lacking[place] for lacking in allowed}) >= len(each) for place, each in enumerate(few)
    )


def _about(lacking: int, min_cell: int) -> list[int]:
    """Return the numbers of missing values that a reader may think of: all small ones, or those about a large one."""
    first = 0 if lacking < min_cell else lacking - min_cell
    # A score of them shows whether they can be told apart.
    return sorted({*range(first, first + min_cell + (lacking >= min_cell), max(1, min_cell // 20)), lacking})


def _step(values: NDArray[np.float64]) -> float:
    """Return the grid on which all values lie, to a hundredth."""
    return float(np.gcd.reduce(np.rint(100 * values).astype(np.int64))) / 100 or 1.0


def _moments_exist(values: NDArray[np.float64], decimals: int, step: float) -> Callable[[int], bool]:
    """Return a test of whether n values on a grid can have the mean and standard deviation of these as printed."""
    summary, half = summarise(values), 0.5 * 10.0**-decimals
    mean, sd = (math.floor(each / (2 * half) + 0.5) * 2 * half for each in (summary.mean, summary.sd))

    @cache
    def exists(n: int) -> bool:
        for total in range(math.ceil((mean - half) * n / step - 1e-6), math.floor((mean + half) * n / step + 1e-6) + 1):
            low, high = ((n - 1) * (max(0.0, end) / step) ** 2 + total**2 / n for end in (sd - half, sd + half))
            # A whole number and its square are both even or both odd, and so are their sums.
            squares = math.ceil(low - 1e-6)
            if squares + (squares - total) % 2 <= high + 1e-6:
                return True
        return False

    return exists


def _p_exists(known: Sequence[NDArray[np.float64]], decimals: int) -> Callable[[Sequence[int]], bool]:
    """Return a test of whether groups of some sizes can have the p that is shown, by either test of the protocol."""
    summaries, pooled = [summarise(values) for values in known], np.concatenate(known)
    means, sds = ([Reported(f"{getattr(each, name):.{decimals}f}") for each in summaries] for name in ("mean", "sd"))
    by_t, by_ranks = student(*known).p_value, kruskal(*known).p_value
    # A group without spread has no t.
    printed = Reported(f"{0.0 if math.isnan(by_t) else by_t:.{_P_DECIMALS}f}")

    def exists(sizes: Sequence[int]) -> bool:
        of_means = (means[0], means[1]), (sds[0], sds[1]), (sizes[0], sizes[1])
        if not math.isnan(by_t) and not student_from_printed(printed, *of_means).possible:
            return False
        return math.isnan(by_ranks) or _rank_sum_exists(by_ranks, sizes, pooled)

    return exists


def _rank_sum_exists(p: float, sizes: Sequence[int], pooled: NDArray[np.float64]) -> bool:
    """Return whether a rank sum of groups of these sizes has such a p, with ties up to those that there are."""
    n, half = sum(sizes), 0.5 * 10.0**-_P_DECIMALS
    times = np.unique(pooled, return_counts=True)[1].astype(float)
    untied = 1 - float((times**3 - times).sum()) / (len(pooled) ** 3 - len(pooled))
    spread = math.sqrt(math.prod(sizes) * (n + 1) / 12)
    shown = round(p, _P_DECIMALS)
    nearest, furthest = (math.sqrt(float(chdtri(1, min(1.0, max(1e-300, shown + end))))) for end in (half, -half))
    # Rank sums go by halves.
    return math.floor(2 * furthest * spread + 1e-6) >= math.ceil(2 * nearest * spread * math.sqrt(untied) - 1e-6)


# -- claims ------------------------------------------------------------------------------------------------------


def withhold(rows: Sequence[Row], dataset: Dataset, min_cell: int) -> list[Row]:
    """Take the answer from every claim that a public run may not answer, its verdict included."""
    return [_shown(row, dataset, min_cell) for row in rows]


def _shown(row: Row, dataset: Dataset, min_cell: int) -> Row:
    claim, known = row.claim, row.computed.reason
    if known is not None and known.code == "no_column":
        return row
    if _is_hidden(claim, claim.compute, dataset, min_cell):
        reasons: tuple[Note, ...] = (Note("withheld", {"least": min_cell}),)
        method = Note(claim.compute.statistic, claim.compute.parts())
        computed = replace(row.computed, value=math.nan, method=method)
        return replace(row, computed=computed, rounded="", verdict="withheld", reasons=reasons, coarse=True)
    computed = row.computed
    if _of_hidden_n(claim.compute, dataset, min_cell):
        # The statistic and its degrees of freedom say more than p does.
        computed = replace(computed, method=Note(claim.compute.statistic, claim.compute.parts()))
    reasons = tuple(note for note in row.reasons if not _tells(note, claim, dataset, min_cell))
    return replace(row, computed=computed, reasons=reasons, coarse=True)


def _tells(note: Note, claim: Claim, dataset: Dataset, min_cell: int) -> bool:
    """Return whether a reason says of another test, or another unit, what would be hidden of that."""
    if note.code == "other_test":
        return _of_hidden_n(claim.compute, dataset, min_cell)
    if note.code == "other_unit":
        return _is_hidden(claim, over_unit(claim.compute, str(note.values["over"])), dataset, min_cell)
    return False


def _of_hidden_n(spec: Compute, dataset: Dataset, min_cell: int) -> bool:
    names = (spec.variables or (str(spec.variable),)) if spec.statistic in {"p", "smallest_p"} else ()
    return any(hides_n(dataset, name, min_cell) for name in names)


def _is_hidden(claim: Claim, spec: Compute, dataset: Dataset, min_cell: int) -> bool:
    if spec.statistic in QUANTILES:
        return True
    if spec.statistic in {"p", "smallest_p"}:
        names = [name for name in spec.variables or (str(spec.variable),) if hides_n(dataset, name, min_cell)]
        finer = bool(names) and claim.printed.decimals > _P_DECIMALS
        return finer or not all(precision(dataset, name, min_cell).p for name in names)
    if spec.statistic not in {"n", "percent", "lead"}:
        return _is_hidden_mean(claim, spec, dataset, min_cell)
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
    part, whole = part_and_whole(spec, dataset)
    if is_small(part, whole, min_cell):
        return True
    # A percentage has few denominators; all and none have every one.
    incomplete = spec.statistic == "percent" and whole < len(select(dataset, spec.over, spec.within))
    return incomplete and 0 < part < whole


def _is_hidden_mean(claim: Claim, spec: Compute, dataset: Dataset, min_cell: int) -> bool:
    """Return whether a mean, a standard deviation or a difference of means is of a few, or finer than n allows."""
    variable = str(spec.variable)
    groups = [group for group in (spec.group, spec.minus) if group]
    known = [int(select(dataset, spec.over, group)[variable].notna().sum()) for group in groups or [{}]]
    if any(0 < n < min_cell for n in known):
        return True
    values = [select(dataset, spec.over, group)[variable].to_numpy(float) for group in groups or [{}]]
    of_leaks = any("leak" in group for group in groups)
    if any(map(_has_no_spread, values)) or (of_leaks and all_alike(dataset, variable)):
        return True
    if not hides_n(dataset, variable, min_cell):
        return False
    if any(set(group) != {"leak"} for group in groups) or (groups and spec.over == "patients"):
        return True
    told = precision(dataset, variable, min_cell, "groups" if groups else spec.over)
    return told.decimals is None or claim.printed.decimals > told.decimals

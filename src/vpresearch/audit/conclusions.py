"""What the printed numbers say of the paper's conclusions: arithmetic, and what no arithmetic can tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Literal

import numpy as np
from scipy.stats import binomtest, t

from vpresearch.audit.check import find
from vpresearch.audit.p_attained import student_from_printed
from vpresearch.core.reported import Reported
from vpresearch.inference import ALPHA
from vpresearch.inference.tests import fisher
from vpresearch.published import Paper

Answer = Literal["holds", "fails", "untested"]
_LEAKS, _NO_LEAKS = {"leak": "yes"}, {"leak": "no"}
# As the paper prints them of other series: the leaks, the least of the usual cement, and cement a pedicle.
ELSEWHERE, USUAL_CEMENT, PEDICLE = Reported("88%"), 3.0, (1.0, 1.5)
_PEDICLES = 2
_LARGEST = 60


@dataclass(frozen=True)
class Conclusion:
    """One conclusion of the paper: whether its arithmetic holds, and the numbers that tell."""

    code: str
    answer: Answer
    values: Mapping[str, float]


def fisher_of_percentage(events: int, n: int, printed: Reported, n_other: int) -> tuple[float, float]:
    """Bound Fisher's p over the counts of another series that print as its percentage; NaN where none does."""
    counts = [count for count in range(n_other + 1) if Fraction(100 * count, n_other) in printed.interval()]
    each = [fisher(np.array([[events, n - events], [count, n_other - count]])).p_value for count in counts]
    return min(each, default=float("nan")), max(each, default=float("nan"))


def t_of_mean(mean: Reported, sd: Reported, n: int, against: float) -> tuple[float, float]:
    """Bound the two-sided p of a printed mean and SD against a fixed value, over their rounding intervals."""
    ends = [(float(number.value - number.half_unit), float(number.value + number.half_unit)) for number in (mean, sd)]
    each = [2 * float(t.sf(abs(m - against) / (s / n**0.5), n - 1)) for m, s in product(*ends)]
    return 0.0 if ends[1][0] <= 0 else min(each), 1.0 if ends[0][0] <= against <= ends[0][1] else max(each)


def conclusions(paper: Paper) -> list[Conclusion]:
    """Hold what a paper concludes, as its file lists it, against its printed numbers.

    A conclusion whose numbers the paper does not print is left out.

    Fisher RA. J R Stat Soc 1935;98:39-82. Student. Biometrika 1908;6:1-25.
    """
    listed, found = paper.about.get("concludes", ()), []
    for code, hold in _CONCLUSIONS.items():
        # Without one of its numbers, or with one that is no number, there is nothing to hold it against.
        with suppress(_NotPrintedError):
            found += [Conclusion(code, *hold(paper))] if code in listed else []
    return found


class _NotPrintedError(Exception):
    """A paper does not print a number that its conclusion rests on."""


_Held = tuple[Answer, Mapping[str, float]]


def _fewer_leaks(paper: Paper) -> _Held:
    leaks, others = _groups(paper)
    total = leaks + others
    binomial = float(binomtest(leaks, total, float(ELSEWHERE.value) / 100).pvalue)
    # How many vertebrae the other series has is not known; the more, the smaller the p.
    possible = (fisher_of_percentage(leaks, total, ELSEWHERE, n)[1] for n in range(1, _LARGEST))
    greatest = max(p for p in possible if p == p)
    return "holds" if max(binomial, greatest) < ALPHA else "fails", {"p": binomial, "greatest": greatest}


def _less_cement(paper: Paper) -> _Held:
    mean, sd = (_needed(paper, name, "cement_volume_cc") for name in ("mean", "sd"))
    _, of_mean = t_of_mean(mean, sd, sum(_groups(paper)), USUAL_CEMENT)
    return "holds" if of_mean < ALPHA else "fails", {"p": of_mean, "usual": USUAL_CEMENT}


def _reduces_leaks(paper: Paper) -> _Held:
    with_leak, without, *sds = (
        _needed(paper, name, "cement_volume_cc", group) for name in ("mean", "sd") for group in (_LEAKS, _NO_LEAKS)
    )
    p = _needed(paper, "p", "cement_volume_cc")
    student = student_from_printed(p, (with_leak, without), (sds[0], sds[1]), _groups(paper))
    own = {"leak": float(with_leak.value), "no_leak": float(without.value), "p": float(p.value)}
    return "untested", {**own, "student_low": student.low, "student_high": student.high}


def _immediate(paper: Paper) -> _Held:
    first = [_needed(paper, "mean", "vas_post", group) for group in (_NO_LEAKS, _LEAKS)]
    least = float(paper.grids["vas_post"].low or 0)
    painless = all(float(number.value - number.half_unit) <= least for number in first)
    after = {"no_leak": float(first[0].value), "leak": float(first[1].value), "least": least}
    return "untested" if painless else "fails", after


def _maintained(paper: Paper) -> _Held:
    early, late = (_needed(paper, "mean", name).value for name in ("vas_post", "vas_1y"))
    return "holds" if late <= early else "fails", {"early": float(early), "late": float(late)}


def _recommended(paper: Paper) -> _Held:
    low, high = (_PEDICLES * cement for cement in PEDICLE)
    return "untested", {"low": low, "high": high, "mean": float(_needed(paper, "mean", "cement_volume_cc").value)}


_CONCLUSIONS: Mapping[str, Callable[[Paper], _Held]] = {
    "fewer_leaks": _fewer_leaks,
    "less_cement": _less_cement,
    "reduces_leaks": _reduces_leaks,
    "similar_results": lambda _: ("untested", {}),
    "immediate": _immediate,
    "maintained": _maintained,
    "recommended": _recommended,
}


def _groups(paper: Paper) -> tuple[int, int]:
    leaks, others = (int(_needed(paper, "n", None, group).value) for group in (_LEAKS, _NO_LEAKS))
    return leaks, others


def _needed(paper: Paper, statistic: str, variable: str | None, group: Mapping[str, str] | None = None) -> Reported:
    claim = find(paper, statistic, variable, group)
    if claim is None:
        raise _NotPrintedError
    return claim.printed

"""What the printed numbers say of the paper's conclusions: arithmetic, and what no arithmetic can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from vpresearch.published import Claim, Paper

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
    """Hold the paper's conclusions against its printed numbers; what it does not print leaves one untested.

    Parameters
    ----------
    paper : Paper

    Returns
    -------
    list of Conclusion

    References
    ----------
    Fisher RA. J R Stat Soc 1935;98:39-82. Student. Biometrika 1908;6:1-25.

    Examples
    --------
    >>> from vpresearch.core.paths import PUBLISHED
    >>> from vpresearch.published import read_paper
    >>> {each.code: each.answer for each in conclusions(read_paper(PUBLISHED))}["immediate"]
    'fails'
    """
    return list(_conclusions(paper))


def _conclusions(paper: Paper) -> Iterator[Conclusion]:
    leaks, others = (int(_needed(paper, "n", None, group).printed.value) for group in (_LEAKS, _NO_LEAKS))
    total = leaks + others
    binomial = float(binomtest(leaks, total, float(ELSEWHERE.value) / 100).pvalue)
    # How many vertebrae the other series has is not known; the more, the smaller the p.
    possible = (fisher_of_percentage(leaks, total, ELSEWHERE, n)[1] for n in range(1, _LARGEST))
    greatest = max(p for p in possible if p == p)
    fewer: Answer = "holds" if max(binomial, greatest) < ALPHA else "fails"
    yield Conclusion("fewer_leaks", fewer, {"p": binomial, "greatest": greatest})
    mean, sd = (_needed(paper, name, "cement_volume_cc").printed for name in ("mean", "sd"))
    _, of_mean = t_of_mean(mean, sd, total, USUAL_CEMENT)
    less: Answer = "holds" if of_mean < ALPHA else "fails"
    yield Conclusion("less_cement", less, {"p": of_mean, "usual": USUAL_CEMENT})
    halves = [
        (_needed(paper, name, "cement_volume_cc", group)) for group in (_LEAKS, _NO_LEAKS) for name in ("mean", "sd")
    ]
    p = _needed(paper, "p", "cement_volume_cc").printed
    with_leak, without = (halves[place].printed for place in (0, 2))
    student = student_from_printed(p, (with_leak, without), (halves[1].printed, halves[3].printed), (leaks, others))
    own = {"leak": float(with_leak.value), "no_leak": float(without.value), "p": float(p.value)}
    yield Conclusion("reduces_leaks", "untested", {**own, "student_low": student.low, "student_high": student.high})
    yield Conclusion("similar_results", "untested", {})
    first = [_needed(paper, "mean", "vas_post", group).printed for group in (_NO_LEAKS, _LEAKS)]
    least = float(paper.grids["vas_post"].low or 0)
    painless = all(float(number.value - number.half_unit) <= least for number in first)
    after = {"no_leak": float(first[0].value), "leak": float(first[1].value), "least": least}
    yield Conclusion("immediate", "untested" if painless else "fails", after)
    early, late = (_needed(paper, "mean", name).printed.value for name in ("vas_post", "vas_1y"))
    yield Conclusion("maintained", "holds" if late <= early else "fails", {"early": float(early), "late": float(late)})
    low, high = (_PEDICLES * cement for cement in PEDICLE)
    yield Conclusion("recommended", "untested", {"low": low, "high": high, "mean": float(mean.value)})


def _needed(paper: Paper, statistic: str, variable: str | None, group: Mapping[str, str] | None = None) -> Claim:
    claim = find(paper, statistic, variable, group)
    if claim is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable} in {group or 'all'}")
    return claim

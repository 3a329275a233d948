"""How many datasets stand behind each row of scores that the paper compares by leak, counted exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vpresearch.audit.find import find
from vpresearch.lattice import Cell, Joint, kruskal_p_distribution, t_p_range
from vpresearch.published import Claim, Paper

_NO_LEAK, _LEAK = {"leak": "no"}, {"leak": "yes"}
_SAMPLE = 1000


@dataclass(frozen=True)
class Freedom:
    """What the printed group statistics of one row of scores allow.

    Attributes
    ----------
    variable : str
        Canonical column.
    scale : str
        Lowest and highest score.
    n_datasets : int
        Pairs of multisets that print both means and both standard deviations.
    p_min, p_max : float
        Smallest and largest Kruskal-Wallis p among them.
    student_min, student_max : float
        Smallest and largest p of Student's t among them.
    printed : str
        Printed p.
    n_printed : int
        Pairs whose Kruskal-Wallis p prints so.
    median_difference_min, median_difference_max : float
        Smallest and largest difference of the medians (leak minus no leak) in a sample of the latter.
    """

    variable: str
    scale: str
    n_datasets: int
    p_min: float
    p_max: float
    student_min: float
    student_max: float
    printed: str
    n_printed: int
    median_difference_min: float
    median_difference_max: float


def freedom(paper: Paper, seed: int) -> list[Freedom]:
    """Count the datasets behind every row of integer scores that is compared by leak.

    Parameters
    ----------
    paper : Paper
    seed : int
        Of the sample from which the medians are taken.

    Returns
    -------
    list of Freedom
        One a variable whose scale is stated, in the order of the paper's file.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED
    >>> from vpresearch.published import read_paper
    >>> [(row.variable, row.n_datasets, row.n_printed) for row in freedom(read_paper(PUBLISHED), 1)]
    [('vas_pre', 42048, 609), ('vas_post', 41492, 114), ('vas_1m', 48144, 71)]
    """
    return [
        _freedom(paper, claim, np.random.default_rng([seed, position]))
        for position, claim in enumerate(paper.claims)
        if claim.kind == "p" and (grid := paper.grids[str(claim.compute.variable)]).low and grid.high
    ]


def _freedom(paper: Paper, claim: Claim, rng: np.random.Generator) -> Freedom:
    variable = str(claim.compute.variable)
    grid = paper.grids[variable]
    joint = Joint(_cell(paper, variable, _NO_LEAK), _cell(paper, variable, _LEAK))
    distribution = kruskal_p_distribution(joint)
    no_leak, leak = distribution.sample(_SAMPLE, rng, claim.printed)
    differences = _medians(leak) - _medians(no_leak)
    return Freedom(
        variable,
        f"{grid.low} – {grid.high}",
        distribution.total,
        *distribution.range,
        *t_p_range(joint),
        claim.printed.printed,
        distribution.count(claim.printed),
        float(differences.min()) * float(grid.step),
        float(differences.max()) * float(grid.step),
    )


def _cell(paper: Paper, variable: str, group: dict[str, str]) -> Cell:
    grid = paper.grids[variable]
    n = find(paper, "n", None, group)
    mean, sd = (find(paper, statistic, variable, group) for statistic in ("mean", "sd"))
    if n is None or mean is None or sd is None or grid.low is None or grid.high is None:
        raise KeyError(f"{paper.key} does not print all of {variable} in {group}")
    return Cell(int(n.printed.value), mean.printed, sd.printed, grid.low, grid.high, grid.step)


def _medians(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Medians of count vectors, in lattice positions; shape (n_samples,)."""
    cumulative, n = counts.cumsum(axis=1), int(counts[0].sum())
    lower, upper = ((cumulative >= rank).argmax(axis=1) for rank in ((n + 1) // 2, n // 2 + 1))
    medians: NDArray[np.float64] = (lower + upper) / 2
    return medians

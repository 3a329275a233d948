"""The paper's protocol for comparing two groups: Shapiro-Wilk, then Student's t or Kruskal-Wallis.

The protocol is here to reproduce. A pretest distorts the error of the test that it chooses
(Rochon J, Gondan M, Kieser M. BMC Med Res Methodol 2012;12:81), so nothing new should be analysed with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vpresearch.core.frame import Framed
from vpresearch.data import Dataset, column
from vpresearch.inference.describe import Summary, summarise, values_in
from vpresearch.inference.tests import (
    Association,
    Normality,
    TestResult,
    associate,
    kruskal,
    mann_whitney,
    shapiro_wilk,
    student,
    welch,
)

ALPHA = 0.05


@dataclass(frozen=True)
class Comparison(Framed):
    """Two groups compared by the protocol, with all that it passed over.

    Attributes
    ----------
    summaries : tuple of Summary
        The group without, and the group with.
    normality : tuple of Normality
        Shapiro-Wilk in each group.
    chosen : {"student", "kruskal"}
        The test that the protocol takes.
    why : str
        Reason code of the choice: ``both_normal``, ``not_normal`` or ``normality_unknown``.
    tests : dict of str to TestResult
        ``student``, ``welch``, ``kruskal`` and ``mann_whitney``.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> comparison = vp.compare_by_leak(study, "cement_volume_cc")
    >>> [(group.n, round(group.mean, 2)) for group in comparison.summaries]
    [(26, 1.95), (15, 2.13)]
    >>> comparison.chosen, round(comparison.result.p_value, 3)
    ('kruskal', 0.267)
    """

    summaries: tuple[Summary, Summary]
    normality: tuple[Normality, Normality]
    chosen: str
    why: str
    tests: Mapping[str, TestResult]

    @property
    def result(self) -> TestResult:
        """The result of the chosen test."""
        return self.tests[self.chosen]

    def records(self) -> list[dict[str, Any]]:
        """Return one row a test, and whether the protocol chose it."""
        return [
            {**record, "chosen": name == self.chosen} for name, test in self.tests.items() for record in test.records()
        ]


def compare(first: ArrayLike, second: ArrayLike, alpha: float = ALPHA) -> Comparison:
    """Compare two independent groups by the paper's protocol."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    x, y = _present(first), _present(second)
    normality = (shapiro_wilk(x), shapiro_wilk(y))
    if any(test.reason for test in normality):
        chosen, why = "kruskal", "normality_unknown"
    elif min(test.p_value for test in normality) >= alpha:
        chosen, why = "student", "both_normal"
    else:
        chosen, why = "kruskal", "not_normal"
    tests = {
        "student": student(x, y),
        "welch": welch(x, y),
        "kruskal": kruskal(x, y),
        "mann_whitney": mann_whitney(x, y),
    }
    return Comparison((summarise(first), summarise(second)), normality, chosen, why, tests)


def compare_by_leak(dataset: Dataset, variable: str, alpha: float = ALPHA) -> Comparison:
    """Compare the vertebrae without and with a leak, as the paper does.

    Parameters
    ----------
    dataset : Dataset
    variable : str
        Canonical numeric column, or ``fill_percent``.
    alpha : float, default 0.05

    Returns
    -------
    Comparison
        A patient's value counts once for each vertebra: the paper's unit of analysis is the vertebra.

    Raises
    ------
    KeyError
        If the dataset has no such column.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> found = vp.compare_by_leak(study, "cement_volume_cc")
    >>> found.chosen, found.why, round(found.result.p_value, 3)
    ('kruskal', 'not_normal', 0.267)
    """
    return dataset.keep(("compared", variable, alpha), lambda: _compare_by_leak(dataset, variable, alpha))


def _compare_by_leak(dataset: Dataset, variable: str, alpha: float) -> Comparison:
    without, with_leak = (values_in(dataset, "vertebrae", {"leak": leak}, variable) for leak in ("no", "yes"))
    return compare(without, with_leak, alpha)


def associate_with_leak(dataset: Dataset, variable: str) -> Association:
    """Test the association of a categorical column with the leak over vertebrae.

    Parameters
    ----------
    dataset : Dataset
    variable : str
        Canonical categorical column, or ``region``.

    Returns
    -------
    Association

    Raises
    ------
    KeyError
        If the dataset has no such column.

    Examples
    --------
    >>> import vpresearch as vp
    >>> study = vp.load(vp.RECONSTRUCTION)
    >>> found = vp.associate_with_leak(study, "region")
    >>> int(found.observed.to_numpy().sum()), found.chi_squared.df
    (41, 1.0)
    """
    return associate(column(dataset.rows, variable), dataset.rows["leak"])


def associate_over_patients(dataset: Dataset, variable: str) -> Association:
    """Test the association of an attribute of patients with a leak in any vertebra, each patient counted once."""
    rows = dataset.rows.dropna(subset=["leak"])
    leaking = rows["leak"].eq("yes").groupby(rows["patient_id"]).any().map({True: "yes", False: "no"})
    of_patients = rows.drop_duplicates("patient_id").set_index("patient_id")[variable]
    return associate(of_patients, leaking)


def _present(values: ArrayLike) -> NDArray[np.float64]:
    array: NDArray[np.float64] = np.asarray(values, dtype=float)
    return array[~np.isnan(array)]

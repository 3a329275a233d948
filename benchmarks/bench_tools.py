"""Hold this package's fits against those of statsmodels and pingouin: the largest difference, and the time of each."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pingouin
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import kruskal, mannwhitneyu
from statsmodels.miscmodels.ordinal_model import OrderedModel

from benchmarks.bench_common import Row, medians
from vpresearch import inference
from vpresearch.regression import gee, logistic, ordinal
from vpresearch.regression.design import Design, Estimate

Floats = NDArray[np.float64]
Fit = Callable[[Design], Floats]
DESIGNS = 20


def designs(levels: int) -> list[Design]:
    """Draw studies of this one's shape that overlap: 41 vertebrae of 27 patients, leaks or their size."""
    random = np.random.default_rng(levels)
    made: list[Design] = []
    while len(made) < DESIGNS:
        fill = random.normal(9, 3, 41).clip(2)
        patient = np.r_[np.arange(27), random.integers(0, 27, 14)]
        risk = 0.3 * (fill - 9) + random.normal(0, 1, 27)[patient] + random.logistic(size=41)
        y = np.digitize(risk, [0.5, 1.5, 2.5][: levels - 1]).astype(float)
        design = Design(
            "leak", y, np.column_stack([np.ones(41), fill]), ("intercept", "fill_percent"), ("", ""), patient
        )
        fitted: tuple[Estimate, ...] = ordinal.fit(design) if levels > 2 else gee.fit(design)
        if len(set(y)) == levels and all(term.converged for term in fitted):
            made.append(design)
    return made


def ours(fit: Callable[[Design], tuple[Estimate, ...]]) -> Fit:
    return lambda design: np.array([[term.estimate, term.se] for term in fit(design)])


def equations(working: str, covariance: str) -> Fit:
    def fit(design: Design) -> Floats:
        structure = getattr(sm.cov_struct, working)()
        model = sm.GEE(design.y, design.x, design.cluster, family=sm.families.Binomial(), cov_struct=structure)
        fitted = model.fit(maxiter=60, ctol=1e-10, cov_type=covariance)
        return np.column_stack([fitted.params, fitted.bse])

    return fit


def logit(design: Design) -> Floats:
    fitted: Any = sm.Logit(design.y, design.x).fit(disp=False, method="newton", tol=1e-14)
    return np.column_stack([fitted.params, fitted.bse])


def ordered(design: Design) -> Floats:
    model: Any = OrderedModel(design.y.astype(int), design.x[:, 1:], distr="logit")
    fitted = model.fit(method="bfgs", disp=False, gtol=1e-10, maxiter=500)
    return np.array([[fitted.params[0], fitted.bse[0]]])


def groups(design: Design) -> tuple[Floats, Floats]:
    fill = design.x[:, 1].round(1)
    return fill[design.y == 0], fill[design.y > 0]


def by_pingouin(design: Design) -> Floats:
    first, second = groups(design)
    student = pingouin.ttest(first, second, correction=False)
    ranks = pingouin.mwu(first, second, method="asymptotic")
    effect = pingouin.compute_effsize(first, second, eftype="hedges")
    return np.array([float(student["p_val"].iloc[0]), float(ranks["p_val"].iloc[0]), effect])


def by_ours(design: Design) -> Floats:
    first, second = groups(design)
    student, ranks = inference.student(first, second), inference.mann_whitney(first, second)
    assert student.effect is not None
    return np.array([student.p_value, ranks.p_value, student.effect.estimate])


def ranks_by_ours(design: Design) -> Floats:
    first, second = groups(design)
    return np.array([test(first, second).p_value for test in (inference.kruskal, inference.mann_whitney)])


def ranks_by_scipy(design: Design) -> Floats:
    first, second = groups(design)
    return np.array([kruskal(first, second).pvalue, mannwhitneyu(first, second, method="asymptotic").pvalue])


PAIRS: dict[str, tuple[int, str, Fit, Fit]] = {
    "logistic model": (2, "statsmodels Logit", ours(logistic.fit), logit),
    "GEE, independence, robust": (
        2,
        "statsmodels GEE",
        ours(lambda design: gee.fit(design, model="gee_robust")),
        equations("Independence", "robust"),
    ),
    "GEE, independence, Mancl-DeRouen": (
        2,
        "statsmodels GEE, bias_reduced",
        ours(lambda design: gee.fit(design, model="gee_md")),
        equations("Independence", "bias_reduced"),
    ),
    "GEE, exchangeable, robust": (
        2,
        "statsmodels GEE",
        ours(lambda design: gee.fit(design, model="gee_exchangeable_robust")),
        equations("Exchangeable", "robust"),
    ),
    "proportional odds": (4, "statsmodels OrderedModel", lambda d: ours(ordinal.fit)(d)[-1:], ordered),
    "Student, Mann-Whitney, Hedges": (2, "pingouin", by_ours, by_pingouin),
    "Kruskal-Wallis, Mann-Whitney": (2, "SciPy", ranks_by_ours, ranks_by_scipy),
}


def each_of(fit: Fit, drawn: list[Design]) -> list[Floats]:
    return [fit(design) for design in drawn]


def rows() -> list[Row]:
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, (levels, peer, own, other) in PAIRS.items():
            drawn = designs(levels)
            apart = max(float(np.max(np.abs(other(each) / own(each) - 1))) for each in drawn)
            times = medians({"own": partial(each_of, own, drawn), "peer": partial(each_of, other, drawn)}, runs=3)
            note = f"relative difference at most {apart:.0e} in {DESIGNS} studies"
            found.append(Row(name, 1e3 * times["own"] / DESIGNS, "ms", peer, 1e3 * times["peer"] / DESIGNS, note=note))
    return found

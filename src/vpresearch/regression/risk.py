"""Coefficients with their covariance, for whatever is computed from several of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit
from scipy.stats import t

from vpresearch.regression import firth, gee, logistic
from vpresearch.regression.design import Design, Estimate, Floats
from vpresearch.regression.logistic import gate, original_scale


@dataclass(frozen=True)
class LogOdds:
    """Log odds that are linear in the columns of a design."""

    model: str
    coefficients: Floats
    covariance: Floats
    df: float = math.inf
    reason: str = ""


def log_odds(design: Design, model: str = "gee_kc") -> LogOdds:
    """Fit a logistic model of which risks are wanted."""
    return _MODELS[model](design, model)


def _ml(design: Design, model: str) -> LogOdds:
    reason = gate(design)
    if reason:
        return _failed(design, model, reason)
    found = logistic.maximise(design.x, design.y)
    return LogOdds(model, found.coefficients, found.covariance) if found.converged else _failed(design, model)


def _flic(design: Design, model: str) -> LogOdds:
    reason = gate(design)
    if reason:
        return _failed(design, model, reason)
    given = np.asarray(np.linalg.solve(original_scale(design.x), firth.flic(design)), float)
    return replace(_gee(design, "gee_kc", given), model=model)


def _gee(design: Design, model: str, given: Floats | None = None) -> LogOdds:
    reason, coefficients, spread = gee.solve(design, model, given)
    if reason:
        return _failed(design, model, reason)
    back, df = original_scale(design.x), design.n_clusters - len(design.terms)
    return LogOdds(model, back @ coefficients, back @ spread @ back.T, df)


def _failed(design: Design, model: str, reason: str = "not_converged") -> LogOdds:
    terms = len(design.terms)
    return LogOdds(model, np.full(terms, np.nan), np.full((terms, terms), np.nan), reason=reason)


_MODELS: Mapping[str, Callable[[Design, str], LogOdds]] = {
    "ml": _ml,
    "flic": _flic,
    "gee_robust": _gee,
    "gee_kc": _gee,
}


# Percent of the vertebra.
FILLS = (5.0, 7.5, 10.0, 15.0)
# From a small thoracic to a large lumbar vertebra.
CEMENT_CC, VERTEBRA_CC = (1.0, 2.0, 3.0, 4.0), (16.0, 26.0, 38.0)


def risks(fitted: LogOdds, x: Floats, alpha: float = 0.05) -> pd.DataFrame:
    """Return the risk at every row of a matrix of predictors, with pointwise intervals."""
    logit = x @ fitted.coefficients
    se = np.sqrt(((x @ fitted.covariance) * x).sum(axis=1))
    risk, reach = expit(logit), t.ppf(1 - alpha / 2, fitted.df) * se
    columns = {
        "risk": risk,
        "se": risk * (1 - risk) * se,
        "ci_low": expit(logit - reach),
        "ci_high": expit(logit + reach),
    }
    return pd.DataFrame(columns)


def along_fill(design: Design, fill_percent: ArrayLike | None) -> Floats:
    """Return rows along the fill, the second column of a design, with its other predictors at their means."""
    fill = design.x[:, 1]
    fill = np.linspace(fill.min(), fill.max(), 101) if fill_percent is None else np.asarray(fill_percent, float)
    x = np.tile(design.x.mean(axis=0), (len(fill), 1))
    x[:, 1] = fill
    return x


def risk_curve(
    design: Design, fitted: LogOdds, fill_percent: ArrayLike | None = None, alpha: float = 0.05
) -> pd.DataFrame:
    """Return the risk along the fill, the second column of a design, with its other predictors at their means.

    At 101 points from the least observed fill to the most where none are told; ``extrapolated`` is beyond these.
    """
    observed, x = design.x[:, 1], along_fill(design, fill_percent)
    fill, table = x[:, 1], risks(fitted, x, alpha)
    table.insert(0, "fill_percent", fill)
    table["extrapolated"] = (fill < observed.min()) | (fill > observed.max())
    return table


def dose_risks(
    design: Design,
    fitted: LogOdds,
    cement_cc: Sequence[float] = CEMENT_CC,
    vertebra_cc: Sequence[float] = VERTEBRA_CC,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Return the risk by the cement that is injected and the size of the vertebra."""
    vertebra, cement = (grid.ravel() for grid in np.meshgrid(vertebra_cc, cement_cc, indexing="ij"))
    table = risk_curve(design, fitted, 100 * cement / vertebra, alpha)
    table.insert(0, "vertebra_cc", vertebra)
    table.insert(1, "cement_cc", cement)
    return table


def risk_difference(
    design: Design, fitted: LogOdds, start: float = 5.0, end: float = 10.0, alpha: float = 0.05
) -> Estimate:
    """Return the mean risk if every vertebra were filled to one percentage, minus that if to another.

    Localio AR, Margolis DJ, Berlin JA. J Clin Epidemiol 2007;60:874-882.
    """
    before, after = (np.column_stack([design.x[:, :1], np.full(design.n, at), design.x[:, 2:]]) for at in (start, end))
    return _mean_difference(design, fitted, (before, after), f"fill_percent {end:g} against {start:g}", alpha)


def effect_of_one_point(design: Design, fitted: LogOdds, alpha: float = 0.05) -> Estimate:
    """Return how much the mean risk rises if every vertebra is filled one percentage point more than it is."""
    after = design.x + np.eye(design.x.shape[1])[1]
    return _mean_difference(design, fitted, (design.x, after), "fill_percent + 1", alpha)


def _mean_difference(design: Design, fitted: LogOdds, x: tuple[Floats, Floats], term: str, alpha: float) -> Estimate:
    before, after = (expit(rows @ fitted.coefficients) for rows in x)
    difference = float((after - before).mean())
    slope = ((after * (1 - after))[:, None] * x[1] - (before * (1 - before))[:, None] * x[0]).mean(axis=0)
    se = float(np.sqrt(slope @ fitted.covariance @ slope))
    reach = float(t.ppf(1 - alpha / 2, fitted.df)) * se
    kind = "normal" if np.isinf(fitted.df) else f"t({fitted.df:g})"
    return Estimate(
        fitted.model,
        design.outcome,
        term,
        "risk difference",
        difference,
        se,
        float(np.clip(difference - reach, -1, 1)),
        float(np.clip(difference + reach, -1, 1)),
        "" if fitted.reason else f"delta method, {kind}",
        n=design.n,
        events=design.events,
        clusters=design.n_clusters,
        converged=not fitted.reason,
        reason=fitted.reason,
    )


def leak_risks(design: Design, fits: Sequence[LogOdds]) -> pd.DataFrame:
    """Return the risk at a few fills, and how far fill moves it, by each of some models."""
    parts = []
    for fitted in fits:
        curve = risk_curve(design, fitted, FILLS).rename(columns={"risk": "estimate"})
        moved = pd.DataFrame([asdict(risk_difference(design, fitted)), asdict(effect_of_one_point(design, fitted))])
        moved["quantity"], moved["extrapolated"] = ["difference_10_5", "one_point"], False
        found = pd.concat([curve.assign(quantity="risk"), moved])
        parts.append(found.assign(model=fitted.model, reason=fitted.reason))
    columns = ["model", "quantity", "fill_percent", "estimate", "ci_low", "ci_high", "extrapolated", "reason"]
    return pd.concat(parts)[columns]

"""Change of pain and disability on fill and on leaks: models over patients, and tests of equivalence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import f, t

from vpresearch.core.dictionary import columns, days, times
from vpresearch.regression.design import Design, Estimate, Floats, Ints
from vpresearch.regression.logistic import dependent, original_scale, standardised

_ROUNDING = 1e-12
# Where the variance between patients is looked for, in those within them.
_RATIOS = np.logspace(-6, 6, 25)
# With fewer, even a t on them errs more often than it says: Tipton E. Psychol Methods 2015;20:375-393.
_LEAST_DF = 4


def fit(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a linear model with a random intercept for every patient by restricted maximum likelihood.

    Patterson HD, Thompson R. Biometrika 1971;58:545-554. Schluchter MD, Elashoff JT. J Stat Comput Simul
    1990;37:69-87.
    """
    reason = _gate(design)
    if reason:
        return _without_events(design.failed("mixed_change", reason))
    return _by_t(design, "mixed_change", *_solve(design), alpha)


def _solve(design: Design) -> tuple[Floats, Floats]:
    x, back = standardised(design.x), original_scale(design.x)
    coefficients, covariance = _restricted_likelihood(x, design.y, design.cluster)
    return back @ coefficients, back @ covariance @ back.T


def p_by_time(design: Design) -> float:
    """Test whether the last predictor's coefficient is the same at every time; NaN where there are no two.

    Pinheiro JC, Bates DM. Mixed-Effects Models in S and S-PLUS. Springer 2000:91 (degrees of freedom within patients).
    """
    own = [place for place, term in enumerate(design.terms) if term.startswith(f"{design.terms[-1]}_")]
    if not own or _gate(design):
        return math.nan
    coefficients, covariance = _solve(design)
    within = design.n - design.n_clusters - (len(design.terms) - _steady(design))
    turned = np.linalg.solve(covariance[np.ix_(own, own)], coefficients[own])
    return float(f.sf(coefficients[own] @ turned / len(own), len(own), within)) if within > 0 else math.nan


def ancova(design: Design, alpha: float = 0.05) -> tuple[Estimate, ...]:
    """Fit a linear model by least squares, with standard errors that allow for unequal variances.

    MacKinnon JG, White H. J Econom 1985;29:305-325. Long JS, Ervin LH. Am Stat 2000;54:217-224.
    """
    reason = _gate(design) or ("too_few_clusters" if _leverage(design).max() > 1 - _ROUNDING else "")
    reason = reason or ("few_bear_it" if robust_df(design) < _LEAST_DF else "")
    if reason:
        return _without_events(design.failed("ancova", reason))
    x, back = standardised(design.x), original_scale(design.x)
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ design.y
    scores = x * ((design.y - x @ coefficients) / (1 - _leverage(design)))[:, None]
    covariance = bread @ scores.T @ scores @ bread
    return _by_t(design, "ancova", back @ coefficients, back @ covariance @ back.T, alpha)


def robust_df(design: Design) -> float:
    """Return how many degrees of freedom the last coefficient's error has that allows for unequal variances.

    Bell RM, McCaffrey DF. Surv Methodol 2002;28:169-181 (by Satterthwaite, were the variances equal after all).
    """
    basis, triangle = np.linalg.qr(standardised(design.x))
    leverage = _leverage(design)
    # How much each squared residual counts in the variance.
    weights = (basis @ np.linalg.solve(triangle.T, np.eye(len(triangle))[-1]) / (1 - leverage)) ** 2
    mean = weights @ (1 - leverage)
    spread = weights**2 @ (1 - 2 * leverage) + ((basis.T * weights @ basis) ** 2).sum()
    return float(mean**2 / spread)


def between_df(design: Design) -> int:
    """Return the patients beyond the terms that do not change within a patient."""
    return design.n_clusters - _steady(design)


def _steady(design: Design) -> int:
    first = np.unique(design.cluster, return_index=True)[1]
    return int((design.x == design.x[first][design.cluster]).all(axis=0).sum())


def _gate(design: Design) -> str:
    """Return why the model cannot be fitted; a yes or no needs two patients of either kind at the time in question."""
    other = [place for place, term in enumerate(design.terms) if term.startswith("time_")]
    of_patient = design.x[~design.x[:, other].any(axis=1), -1]
    if between_df(design) < 1:
        return "too_few_clusters"
    if np.ptp(design.y) == 0:
        return "one_outcome"
    reason = "" if np.ptp(of_patient) else "constant"
    reason = reason or dependent(standardised(design.x))
    if reason:
        return reason
    if set(of_patient) <= {0.0, 1.0} and np.bincount(of_patient.astype(int)).min() < 2:
        return "too_few_outcomes"
    both = np.column_stack([design.x, design.y])
    within = both - (_sums(both, design.cluster) / np.bincount(design.cluster)[:, None])[design.cluster]
    # A likelihood without residuals, at all or within patients, grows without bound.
    left = _residual(both, design.n), _residual(within, design.n - design.n_clusters)
    return "not_converged" if min(left) <= _ROUNDING * (design.y @ design.y) else ""


def _residual(both: Floats, n: int) -> float:
    """Return the sum of squares that terms leave of the last column; infinite where they leave no degree of freedom."""
    coefficients, _, rank, _ = np.linalg.lstsq(both[:, :-1], both[:, -1])
    left = both[:, -1] - both[:, :-1] @ coefficients
    return float(left @ left) if rank < n else np.inf


def _sums(values: Floats, cluster: Ints) -> Floats:
    """Sum every column over the rows of each patient."""
    return np.stack([np.bincount(cluster, column) for column in values.T], axis=1).astype(float)


def _leverage(design: Design) -> Floats:
    leverage: Floats = (np.linalg.qr(standardised(design.x))[0] ** 2).sum(axis=1)
    return leverage


def _restricted_likelihood(x: Floats, y: Floats, cluster: Ints) -> tuple[Floats, Floats]:
    """Return coefficients and covariance at the likeliest ratio of the variance between patients to that within."""
    sizes = np.bincount(cluster).astype(float)
    joined = np.column_stack([x, y])
    products: Floats = joined.T @ joined
    sums = _sums(joined, cluster)
    terms = int(x.shape[1])
    beyond = len(y) - terms

    def solve(ratio: float) -> tuple[Floats, Floats, float]:
        weighted = products - (sums.T * (ratio / (1 + sizes * ratio))) @ sums
        information, score = weighted[:terms, :terms], weighted[:terms, terms]
        coefficients = np.asarray(np.linalg.solve(information, score), float)
        return coefficients, information, float(weighted[terms, terms] - score @ coefficients)

    def height(ratio: float) -> float:
        _, information, left = solve(ratio)
        determinants = float(np.log1p(sizes * ratio).sum() + np.linalg.slogdet(information).logabsdet)
        return determinants + float(beyond * np.log(left))

    def steepness(ratio: float) -> float:
        coefficients, information, left = solve(ratio)
        shrink = 1 / (1 + sizes * ratio)
        turned = sums[:, :terms].T * shrink
        moved = float(np.trace(np.linalg.solve(information, turned @ turned.T)))
        residual = shrink * (sums[:, terms] - sums[:, :terms] @ coefficients)
        return float((sizes * shrink).sum() - moved - beyond * (residual @ residual) / left)

    nearest = int(np.argmin([height(ratio) for ratio in _RATIOS[1:-1]]))
    low, high = float(_RATIOS[nearest]), float(_RATIOS[nearest + 2])
    # By the slope: heights tell the place of a minimum to half of its digits only, and the rest is the machine's.
    inside = steepness(low) < 0 < steepness(high)
    found = float(brentq(steepness, low, high, xtol=1e-14 * low)) if inside else min(low, high, key=height)
    ratio = min(0.0, found, key=height)
    coefficients, information, left = solve(ratio)
    return coefficients, np.asarray(left / beyond * np.linalg.inv(information), float)


def _by_t(design: Design, model: str, coefficients: Floats, covariance: Floats, alpha: float) -> tuple[Estimate, ...]:
    df, se = between_df(design), np.sqrt(np.diag(covariance))
    reach, p = t.ppf(1 - alpha / 2, df) * se, 2 * t.sf(np.abs(coefficients / se), df)
    interval = coefficients - reach, coefficients + reach, f"t({df})"
    return _without_events(design.fitted(model, coefficients, se, interval, (p, f"Wald t({df})")))


def _without_events(estimates: tuple[Estimate, ...]) -> tuple[Estimate, ...]:
    return tuple(replace(estimate, events=0) for estimate in estimates)


PREDICTORS = {"fill_percent": "points per percentage point", "leak": "points"}


def changes(patients: pd.DataFrame, vertebrae: pd.DataFrame, score: str) -> pd.DataFrame:
    """Give every patient's change from before the treatment at every follow-up that the table has."""
    patient = vertebrae["patient_id"]
    about = pd.DataFrame(
        {
            "baseline": patients[f"{score}_pre"],
            "fill_percent": vertebrae["fill_percent"].groupby(patient).mean(),
            "leak": vertebrae["leak"].eq("yes").groupby(patient).max().astype(float),
        }
    ).rename_axis("patient_id")
    present = [time for time in times(map(str, patients), score) if days(time) >= 0]
    parts = [about.assign(time=time, change=patients[f"{score}_{time}"] - about["baseline"]) for time in present]
    columns = ["patient_id", "time", "baseline", "change", "fill_percent", "leak"]
    return pd.concat(parts).reset_index()[columns]


def change_designs(table: pd.DataFrame, predictor: str, score: str) -> list[Design]:
    """Set up the regression of the change on a predictor at every time, the baseline and the time, of what is there.

    Of every follow-up once, as that whose coefficient of the predictor is the last one.
    """
    rows = table.dropna()
    present = sorted(rows["time"].unique(), key=days)
    return [_change_design(rows, predictor, score, time, present) for time in present or [""]]


def _change_design(rows: pd.DataFrame, predictor: str, score: str, at: str, present: list[str]) -> Design:
    exposure = rows[predictor].to_numpy(float)
    times = {time: (rows["time"] == time).to_numpy(float) for time in present if time != at}
    # Where all are alike the time alone tells the difference, and the other times keep theirs.
    by_time = {time: there * exposure for time, there in times.items() if np.ptp(exposure[there > 0])}
    x = [np.ones(len(rows)), *times.values(), rows["baseline"].to_numpy(float), *by_time.values(), exposure]
    terms = ["intercept", *(f"time_{time}" for time in times), "baseline"]
    terms += [*(f"{predictor}_{time}" for time in by_time), predictor]
    units = ["points"] * (1 + len(times)) + ["points per point"] + [PREDICTORS[predictor]] * (1 + len(by_time))
    cluster = np.unique(rows["patient_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)
    outcome = f"{score}_change_{at}" if at else f"{score}_change"
    return Design(outcome, rows["change"].to_numpy(float), np.column_stack(x), tuple(terms), tuple(units), cluster)


# Least changes that matter to patients (Ostelo RW, Deyo RA, Stratford P, et al. Spine 2008;33:90-94): 15 of 100 on a
# visual scale, 2 of 10 on a numeric one, 10 on the Oswestry index.
MARGINS: Mapping[str, tuple[float, ...]] = {"vas": (1.5, 2.0), "odi": (10.0,)}
# What is compared: a leak with none, and five percentage points of fill.
CONTRASTS: Mapping[str, float] = {"leak": 1.0, "fill_percent": 5.0}


_SHOWN = ("estimate", "ci_low", "ci_high")


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of a difference against a margin."""

    outcome: str
    term: str
    contrast: float
    margin: float
    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    p_difference: float
    verdict: str
    reason: str = ""


def equivalence(
    design: Design, alpha: float = 0.05, model: Callable[[Design], tuple[Estimate, ...]] = fit
) -> tuple[Equivalence, ...]:
    """Test the last predictor of a model of change for equivalence, at every margin of the score.

    Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680.
    """
    found = model(design)[-1]
    contrast, margins = CONTRASTS[found.term], MARGINS[design.outcome.split("_")[0]]
    estimate, se, df = contrast * found.estimate, contrast * found.se, between_df(design)
    return tuple(
        Equivalence(
            design.outcome,
            found.term,
            contrast,
            margin,
            estimate,
            *two_one_sided(estimate, se, df, margin, alpha),
            found.reason,
        )
        for margin in margins
    )


def bounds(table: pd.DataFrame, predictor: str, score: str) -> tuple[float, float]:
    """Return how far the difference at one time could reach if the missing scores were anywhere on their scale.

    Horowitz JL, Manski CF. J Am Stat Assoc 2000;95:77-84.
    """
    known = table.dropna(subset="baseline")
    most = columns()[f"{score}_pre"].maximum or 0.0
    ends = [known["change"].fillna(end - known["baseline"]) for end in (0, most)]
    (design,) = change_designs(known.assign(change=ends[0]), predictor, score)
    if known["change"].notna().all() or _gate(design):
        return math.nan, math.nan
    # Least squares weighs the changes, whatever they are.
    weights = CONTRASTS[predictor] * np.linalg.pinv(design.x)[-1]
    reached = np.array([weights * np.asarray(end, float) for end in ends])
    return float(reached.min(axis=0).sum()), float(reached.max(axis=0).sum())


def two_one_sided(
    estimate: float, se: float, df: float, margin: float, alpha: float = 0.05
) -> tuple[float, float, float, float, str]:
    """Test whether a difference lies between minus a margin and the margin."""
    if math.isnan(estimate):
        return math.nan, math.nan, math.nan, math.nan, ""
    p = float(max(t.sf((estimate + margin) / se, df), t.cdf((estimate - margin) / se, df)))
    p_difference = float(2 * t.sf(abs(estimate) / se, df))
    verdict = "equivalent" if p < alpha else "different" if p_difference < alpha else "inconclusive"
    reach = float(t.isf(alpha, df)) * se
    return estimate - reach, estimate + reach, p, p_difference, verdict


def relief(patients: pd.DataFrame, vertebrae: pd.DataFrame) -> pd.DataFrame:
    """Test whether relief depends on fill or on leaks at each time, with the analysis of that time alone beside."""
    rows = []
    for score in MARGINS:
        table = changes(patients, vertebrae, score)
        for predictor in CONTRASTS:
            for study in change_designs(table, predictor, score):
                time = study.outcome.removeprefix(f"{score}_change").lstrip("_")
                (alone,) = change_designs(table[table["time"] == time], predictor, score)
                least, most = bounds(table[table["time"] == time], predictor, score)
                beside = {"patients": alone.n, "of_model": study.n_clusters, "p_by_time": p_by_time(study)}
                beside |= {"bound_low": least, "bound_high": most}
                rows += [
                    asdict(tested)
                    | beside
                    | {f"ancova_{name}": getattr(last, name) for name in (*_SHOWN, "verdict", "reason")}
                    for tested, last in zip(equivalence(study), equivalence(alone, model=ancova), strict=True)
                ]
    return pd.DataFrame(rows)

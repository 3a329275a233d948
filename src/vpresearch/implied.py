"""What the published statistics alone imply for the regression of leak on fill: models over the ensemble."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit
from scipy.stats import kruskal, t

from vpresearch.core.errors import progress_bar
from vpresearch.core.files import put
from vpresearch.core.paths import RELIEF
from vpresearch.parallel import InPlace, Workers, gather
from vpresearch.reconstruct import ENSEMBLE, EXTREMES, Ensemble, read_ensemble
from vpresearch.regression import assumptions, models, precision, validation
from vpresearch.regression.batched import Fits, batched_firth, batched_ml
from vpresearch.regression.design import Design, Floats
from vpresearch.regression.gee import batched_gee
from vpresearch.regression.logistic import gate, maximise_each
from vpresearch.regression.outcome import CONTRASTS, change_designs, changes, equivalence

# Datasets that are fitted at once, three seconds' work.
BLOCK = 500
# Model, unit and adjustment; slopes, p and reasons.
_Model = tuple[str, str, str]
_Fitted = tuple[Floats, Floats, NDArray[np.str_]]


@cache
def shipped(kind: str = "") -> Mapping[str, Ensemble]:
    """Read the reconstructions that the compendium ships: of all claims, or with ``ANY_FILL`` of all but the fill."""
    path = ENSEMBLE.with_stem(ENSEMBLE.stem + kind)
    return {"drawn": read_ensemble(path), "extreme": read_ensemble(path.with_stem(path.stem + EXTREMES))}


def cut(ensembles: Mapping[str, Ensemble], size: int) -> list[tuple[str, int, Ensemble]]:
    """Cut ensembles into blocks that can be worked on alone."""
    return [
        (source, start, ensemble.take(range(start, min(start + size, len(ensemble)))))
        for source, ensemble in ensembles.items()
        for start in range(0, len(ensemble), size)
    ]


def fits(ensembles: Mapping[str, Ensemble]) -> pd.DataFrame:
    """Fit every model that is cheap enough to every dataset of some ensembles."""
    parts = []
    for source, ensemble in ensembles.items():
        blocks = [dict(_fitted(part)) for _, _, part in cut({source: ensemble}, BLOCK)]
        for key in blocks[0]:
            model, unit, adjustment = key
            slope, p_value, reason = map(np.concatenate, zip(*(block[key] for block in blocks), strict=True))
            columns = {"source": source, "number": np.arange(len(ensemble)), "model": model, "unit": unit}
            columns |= {"adjustment": adjustment, "slope": slope, "p_value": p_value, "reason": reason}
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far the slopes of each model reach over the datasets."""
    rows = []
    for (model, unit, adjustment), part in table.groupby(["model", "unit", "adjustment"], sort=False):
        drawn = part[part["source"] == "drawn"]
        row = {"model": model, "unit": unit, "adjustment": adjustment}
        row |= {"drawn_least": drawn["slope"].min(), "drawn_median": drawn["slope"].median()}
        row |= {"drawn_greatest": drawn["slope"].max(), "witnessed_least": part["slope"].min()}
        row |= {"witnessed_greatest": part["slope"].max(), "n": len(drawn)}
        row |= {"below_005": int((drawn["p_value"] < 0.05).sum()), "failed": int(drawn["slope"].isna().sum())}
        rows.append(row)
    return pd.DataFrame(rows)


def with_any_fill(ranges: pd.DataFrame, any_fill: pd.DataFrame) -> pd.DataFrame:
    """Set beside each range what it is without the printed mean fill ratio, with which it is one of that too."""
    names = {"drawn_median": "any_fill_median"}
    names |= {f"witnessed_{end}": f"any_fill_{end}" for end in ("least", "greatest")}
    key = ["model", "unit", "adjustment"]
    both = ranges.merge(any_fill.rename(columns=names)[[*key, *sorted(names.values())]], on=key, how="left")
    least, greatest = (both[[f"{kind}_{end}" for kind in ("any_fill", "witnessed")]] for end in ("least", "greatest"))
    ends = {"any_fill_least": least.min(axis=1, skipna=False), "any_fill_greatest": greatest.max(axis=1, skipna=False)}
    return both.assign(**ends)


@cache
def ml_fits(kind: str = "") -> Mapping[str, Fits]:
    """Return the regression of leak on fill in every reconstruction, by maximum likelihood."""
    return {source: batched_ml(each.fill_percent, each.leak) for source, each in shipped(kind).items()}


def identified(kind: str = "") -> tuple[float, float]:
    """Return the range that must stand beside whatever a reconstruction tells of the slope of leak on fill."""
    # What satisfies every claim satisfies all but one, too.
    slopes = np.concatenate([each.coef[:, 1] for name in {"", kind} for each in ml_fits(name).values()])
    return float(slopes.min()), float(slopes.max())


def free_scores() -> pd.DataFrame:
    """Return how far the mean of each score over patients reaches over the reconstructions."""
    names = [name for name in shipped()["drawn"].codes if name.startswith(("vas_", "odi_"))]
    means = [pd.DataFrame({name: each.of_patients(name).mean(axis=1) for name in names}) for each in shipped().values()]
    return _ends(pd.concat(means)).rename_axis("variable").reset_index()


def free_leak_kinds() -> pd.DataFrame:
    """Return how far the number of leaks of each site and size reaches over the reconstructions."""
    counts = [pd.DataFrame(dict(_leak_kinds(each))) for each in shipped().values()]
    return _ends(pd.concat(counts)).rename_axis(["leak_site", "leak_size"]).reset_index()


def _leak_kinds(ensemble: Ensemble) -> Iterator[tuple[tuple[str, str], NDArray[np.int64]]]:
    sites, sizes = (ensemble.column(name) for name in ("leak_site", "leak_size"))
    for site, size in product(*(ensemble.values[name][1:] for name in ("leak_site", "leak_size"))):
        yield (str(site), str(size)), ((sites == site) & (sizes == size)).sum(axis=1)


def free_volumes(names: Sequence[str]) -> pd.DataFrame:
    """Return how far the least, the second, ... of some volumes of either group reach over the reconstructions."""
    parts = []
    for leak in ("no", "yes"):
        ranked = {name: np.concatenate([_ranked(each, name, leak) for each in shipped().values()]) for name in names}
        for end, furthest in (("least", np.min), ("greatest", np.max)):
            values = {name: furthest(each, axis=0) for name, each in ranked.items()}
            parts.append(pd.DataFrame({"leak": leak, **values, "shown": end}))
    return pd.concat(parts, ignore_index=True)


def _ranked(ensemble: Ensemble, name: str, leak: str) -> Floats:
    return np.sort(_of_group(ensemble, ensemble.column(name), leak == "yes"), axis=1)


def _of_group(ensemble: Ensemble, values: Floats, leak: bool) -> Floats:
    # A published count: every dataset has as many.
    return np.asarray(values[ensemble.leak == leak].reshape(len(ensemble), -1), float)


def free_p() -> dict[str, tuple[float, float]]:
    """Return how far p reaches where the paper prints none: by Kruskal-Wallis, and of categories by chi-squared."""
    parts = [pd.DataFrame(dict(_free_p(each))) for each in shipped().values()]
    found = pd.concat(parts)
    return {str(name): (float(p.min()), float(p.max())) for name, p in found.items()}


def _free_p(ensemble: Ensemble) -> Iterator[tuple[str, Floats]]:
    for name, values in (("fill_percent", ensemble.fill_percent), ("vas_1y", ensemble.column("vas_1y"))):
        groups = (_of_group(ensemble, values, leak) for leak in (False, True))
        yield name, np.asarray(kruskal(*groups, axis=1).pvalue, float)
    level = ensemble.column("level")
    categories = {"sex": ensemble.column("sex"), "region": np.char.startswith(level, "L"), "level": level}
    for name, values in categories.items():
        yield name, _chi_squared_p(values, ensemble.leak)
    yield "sex_of_patients", _chi_squared_p(ensemble.of_patients("sex"), _by_patient(ensemble)[1] > 0)


def _chi_squared_p(values: NDArray[Any], leak: NDArray[np.bool_]) -> Floats:
    both = np.stack([leak, ~leak], axis=2)
    cells = np.stack([((values == value)[:, :, None] & both).sum(axis=1) for value in np.unique(values)], axis=1)
    expected = cells.sum(axis=2, keepdims=True) * cells.sum(axis=1, keepdims=True) / leak.shape[1]
    return np.asarray(chdtrc(cells.shape[1] - 1, ((cells - expected) ** 2 / expected).sum(axis=(1, 2))), float)


def free_terms() -> pd.DataFrame:
    """Return how far the log odds of two covariates at once reach, by term: logarithms, and within and between."""
    parts = []
    for ensemble in shipped().values():
        mean = np.take_along_axis(_by_patient(ensemble)[0], ensemble.patient, axis=1)
        logs = _two_slopes(ensemble, np.log2(ensemble.cement), np.log2(ensemble.volumes))
        within = _two_slopes(ensemble, mean, ensemble.fill_percent - mean)
        columns = {"log_cement": logs[:, 0], "log_volume": logs[:, 1], "log_both": logs.sum(axis=1)}
        parts.append(pd.DataFrame(columns | {"fill_between": within[:, 0], "fill_within": within[:, 1]}))
    return _ends(pd.concat(parts))


def _two_slopes(ensemble: Ensemble, first: Floats, second: Floats) -> Floats:
    x = np.stack([np.ones_like(first), first, second], axis=-1)
    return maximise_each(x, ensemble.leak.astype(float))[0][:, 1:]


def free_slopes() -> pd.DataFrame:
    """Return how far the slope by maximum likelihood reaches, by unit of observation and adjustment."""
    found = pd.concat([pd.DataFrame(dict(_free_slopes(each))) for each in shipped().values()])
    return _ends(found).rename_axis(["unit", "adjustment"])


def _free_slopes(ensemble: Ensemble) -> Iterator[tuple[tuple[str, str], Floats]]:
    numbers = np.array([models.level_numbers()[name] for name in ensemble.values["level"]])
    level, any_leak = numbers[ensemble.codes["level"]], _by_patient(ensemble)[1]
    covariates = {
        "none": np.zeros((*level.shape, 0)),
        "volume": ensemble.volumes,
        "region": np.char.startswith(ensemble.column("level"), "L"),
        "level": level,
        "age": ensemble.column("age_years"),
        "sex": ensemble.column("sex") == "F",
    }
    for adjustment, values in covariates.items():
        x = np.dstack([np.ones_like(level), ensemble.fill_percent, values])
        units = {"vertebrae": (x, ensemble.leak.astype(float))}
        if adjustment in models.PATIENT_ADJUSTMENTS:
            units["patients"] = (_means(ensemble, x), any_leak)
        for unit, (predictors, leak) in units.items():
            yield (unit, adjustment), maximise_each(predictors, leak)[0][:, 1]


def free_rate() -> tuple[float, float]:
    """Return how far the interval of the leak rate for vertebrae that share patients reaches."""
    leaks, patients = (
        np.concatenate([getattr(each, name) for each in shipped().values()]) for name in ("leak", "patient")
    )
    # Of one share the interval is the wider the fewer vertebrae are left.
    effects = [precision.clustering(y, patient)[1] for y, patient in zip(leaks.astype(float), patients, strict=True)]
    widest = int(np.argmax(effects))
    y = leaks[widest].astype(float)
    found = precision.korn_graubard(Design("leak", y, np.ones((len(y), 1)), ("intercept",), ("",), patients[widest]))
    return found.low, found.high


def free_risk(fill_percent: ArrayLike) -> pd.DataFrame:
    """Return how far the risk of a leak at some fills reaches over the reconstructions, by maximum likelihood."""
    fill = np.asarray(fill_percent, float)
    coef = np.concatenate([each.coef for each in ml_fits().values()])
    return _reach(fill, expit(coef[:, :1] + coef[:, 1:] * fill))


def free_spline(fill_percent: ArrayLike) -> pd.DataFrame:
    """Return how far the risk by a restricted cubic spline reaches, each reconstruction with its own knots."""
    fill = np.asarray(fill_percent, float)
    risks = []
    for ensemble in shipped().values():
        fills = ensemble.fill_percent
        knots = np.quantile(fills, assumptions.KNOT_QUANTILES, axis=1).T
        bent, along = (
            np.stack([np.column_stack([np.ones(len(x)), x, assumptions.basis(x, tuple(own))]) for x, own in each])
            for each in (zip(fills, knots, strict=True), ((fill, own) for own in knots))
        )
        coefficients, _ = maximise_each(bent, ensemble.leak.astype(float))
        risks.append(expit((along @ coefficients[..., None])[..., 0]))
    return _reach(fill, np.concatenate(risks))


def _reach(fill: Floats, risks: Floats) -> pd.DataFrame:
    ends = {"ci_low": np.nanmin(risks, axis=0), "ci_high": np.nanmax(risks, axis=0)}
    return pd.DataFrame({"fill_percent": fill} | ends)


def free_calibration() -> pd.DataFrame:
    """Return how far the predicted and the observed share of each group of risk reach over the reconstructions."""
    shares = []
    for source, ensemble in shipped().items():
        coef = ml_fits()[source].coef
        risks = expit(coef[:, :1] + coef[:, 1:] * ensemble.fill_percent)
        for risk, leak in zip(risks, ensemble.leak, strict=True):
            group = validation.risk_groups(risk)
            shares.append([np.bincount(group, each) / np.bincount(group) for each in (risk, leak)])
    names = [f"{share}_{end}" for end in ("least", "greatest") for share in ("predicted", "observed")]
    return pd.DataFrame(np.concatenate([np.min(shares, axis=0), np.max(shares, axis=0)]).T, columns=names)


def _ends(values: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"free_least": values.min(), "free_greatest": values.max()})


class Intervals(NamedTuple):
    """How far the intervals of the primary analysis were seen to reach."""

    least: float
    greatest: float
    below: int
    n: int


def intervals() -> Intervals:
    """Return what must stand beside the interval that a reconstruction gives the slope of leak on fill.

    How leaks fall on patients is not printed, so that every reconstruction has made it up.
    """
    found = {name: batched_gee(each.fill_percent, each.leak, each.patient) for name, each in shipped().items()}
    reach = {name: t.ppf(0.975, fits.df) * fits.se["kc"] for name, fits in found.items()}
    least = min(float(np.nanmin(fits.slope - reach[name])) for name, fits in found.items())
    greatest = max(float(np.nanmax(fits.slope + reach[name])) for name, fits in found.items())
    p = found["drawn"].p_value()
    return Intervals(least, greatest, int((p < 0.05).sum()), len(p))


def _fitted(ensemble: Ensemble) -> Iterator[tuple[_Model, _Fitted]]:
    fill, leak = ensemble.fill_percent, ensemble.leak
    yield ("ml", "vertebrae", "none"), _of(batched_ml(fill, leak))
    yield ("firth", "vertebrae", "none"), _of(batched_firth(fill, leak, limits=False))
    clustered = batched_gee(fill, leak, ensemble.patient)
    for kind in ("robust", "kc", "md", "fg"):
        yield (f"gee_{kind}", "vertebrae", "none"), (clustered.slope, clustered.p_value(kind), clustered.reason)
    yield ("ml", "vertebrae", "volume"), _adjusted(ensemble)
    mean_fill, any_leak = _by_patient(ensemble)
    yield ("ml", "patients", "none"), _of(batched_ml(mean_fill, any_leak))
    yield ("firth", "patients", "none"), _of(batched_firth(mean_fill, any_leak, limits=False))


def _of(found: Fits) -> _Fitted:
    return found.coef[:, 1], found.p_value, found.reason


def _by_patient(ensemble: Ensemble) -> tuple[Floats, Floats]:
    """Mean fill, and whether any vertebra leaks; shapes (n_datasets, n_patients)."""
    numbers = np.stack([ensemble.fill_percent, ensemble.leak], axis=-1)
    mean_fill, leaks = np.moveaxis(_means(ensemble, numbers), -1, 0)
    return mean_fill, (leaks > 0).astype(float)


def _means(ensemble: Ensemble, numbers: Floats) -> Floats:
    """Average over each patient's vertebrae; shape (n_datasets, n_patients, n_numbers)."""
    belongs = ensemble.patient[:, :, None] == np.arange(ensemble.n_vertebrae_of.shape[1])
    means: Floats = np.einsum("dvk,dvp->dpk", numbers, belongs) / ensemble.n_vertebrae_of[:, :, None]
    return means


def _adjusted(ensemble: Ensemble) -> _Fitted:
    """Fill beside the volume of the vertebra, by maximum likelihood."""
    outcome = ensemble.leak.astype(float)
    x = np.stack([np.ones_like(outcome), ensemble.fill_percent, ensemble.volumes], axis=-1)
    full, height = maximise_each(x, outcome)
    flat = maximise_each(x[..., [0, 2]], outcome)[1]
    p_values = np.asarray(chdtrc(1, np.maximum(0, 2 * (height - flat))), float)
    reasons = [_why(*rows) if np.isnan(p) else "" for p, *rows in zip(p_values, x, ensemble.leak, strict=True)]
    return np.where(np.isnan(p_values), np.nan, full[:, 1]), p_values, np.array(reasons, dtype=str)


def _why(x: Floats, leak: NDArray[np.bool_]) -> str:
    terms = ("intercept", "fill_percent", "vertebral_volume_cc")
    return gate(Design("leak", leak.astype(float), x, terms, ("",) * 3, np.arange(len(x)))) or "not_converged"


# Datasets that are asked at once, two seconds' work.
RELIEF_BLOCK = 25


def relief(
    ensembles: Mapping[str, Ensemble], workers: Workers | None = None, progress: str | None = None
) -> pd.DataFrame:
    """Ask every dataset of some ensembles whether relief depends on fill or on leaks."""
    tasks = cut(ensembles, RELIEF_BLOCK)
    gathered = gather(workers or InPlace(), _relief_block, tasks)
    bar = progress_bar("blocks", len(tasks), progress, gathered)
    found = {task[:2]: rows for task, rows in bar}
    return pd.DataFrame([row for source, start, _ in tasks for row in found[source, start]])


def _relief_block(source: str, start: int, ensemble: Ensemble) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(len(ensemble)):
        table = ensemble.table(number)
        vertebrae = table.assign(fill_percent=100 * table["cement_volume_cc"] / table["vertebral_volume_cc"])
        patients = table.drop_duplicates("patient_id").set_index("patient_id")
        for score in ("vas", "odi"):
            about = changes(patients, vertebrae, score)
            studies = [study for term in CONTRASTS for study in change_designs(about, term, score)]
            rows += [
                {"source": source, "number": start + number, "outcome": each.outcome, "term": each.term}
                | {"margin": each.margin, "estimate": each.estimate, "verdict": each.verdict}
                for study in studies
                for each in equivalence(study)
            ]
    return rows


def relief_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Return how far the differences in relief reach over the datasets, and how often each verdict falls."""
    rows = []
    for (outcome, term, margin), part in table.groupby(["outcome", "term", "margin"], sort=False):
        drawn = part[part["source"] == "drawn"]
        row = {"outcome": outcome, "term": term, "margin": margin}
        row |= {"least": part["estimate"].min(), "greatest": part["estimate"].max(), "n": len(drawn)}
        row |= {name: int((drawn["verdict"] == name).sum()) for name in ("equivalent", "inconclusive", "different")}
        rows.append(row)
    return pd.DataFrame(rows)


def write_relief(ensembles: Mapping[str, Ensemble], path: Path, workers: Workers, progress: str | None) -> None:
    """Write the ranges over some ensembles, whole or not at all."""
    table = relief_ranges(relief(ensembles, workers, progress))
    put(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_relief() -> pd.DataFrame:
    """Read the ranges over the shipped ensembles, as ``write_relief`` wrote them."""
    return pd.read_csv(RELIEF)

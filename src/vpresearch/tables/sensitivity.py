"""How good and how precise the regression of leak on fill is, and what it would take to know, as tables."""

from __future__ import annotations

import math
from dataclasses import asdict

import pandas as pd

from vpresearch.regression import bayes
from vpresearch.regression.models import PRIMARY
from vpresearch.render import labels
from vpresearch.render.table import Table, exhibit, steady
from vpresearch.results import Results
from vpresearch.tables.leak_risk import one_of_many, reasons, word


@exhibit
def precision_table(results: Results, language: str) -> Table:
    """Lay out how precise the slope would be with more patients, and how many would settle the question."""
    primary, needed = results.slopes[PRIMARY], results.needed
    data = results.precision.assign(reason=primary.reason)
    shown = pd.DataFrame(
        {
            word("patients", language): [labels.count(int(row), language) for row in data["clusters"]],
            word("vertebrae", language): [labels.count(int(row), language) for row in data["n"]],
            word("leaks", language): [labels.count(int(row), language) for row in data["events"]],
            word("half_width", language): [labels.number(row, 3, language) for row in data["half_width"]],
            word("detectable", language): [labels.odds_ratio(row, language) for row in data["detectable"]],
        }
    )
    own = {"fifth": primary.clusters, "tenth": primary.clusters, "prediction": primary.n}
    numbers = {name: _enough(getattr(needed, name), there, language) for name, there in own.items()}
    numbers["effect"] = labels.number(needed.design_effect, 2, language)
    notes: tuple[str, ...] = (word("exploratory", language),)
    notes += reasons({PRIMARY: primary.reason}, language) or (word("precision_note", language, **numbers),)
    notes += one_of_many(results, language)
    caption = word("precision_caption", language)
    return Table("precision", steady(data), shown, caption, language, results.dataset.reconstruction, notes)


@exhibit
def validation_table(results: Results, language: str) -> Table:
    """Lay out how well the fill alone tells the vertebrae that leak."""
    performance = results.performance
    data = pd.DataFrame([asdict(each) for each in performance])
    shown = pd.DataFrame(
        {
            word("measure", language): [word(f"measure_{each.measure}", language) for each in performance],
            word("apparent", language): [
                _slope(each.apparent, each.ci_low, each.ci_high, language) for each in performance
            ],
            word("optimism", language): [
                "–"
                if math.isnan(each.optimism)
                else f"{labels.number(each.optimism, 3, language)} ± {labels.number(each.optimism_error, 3, language)}"
                for each in performance
            ],
            word("corrected", language): [labels.number(each.corrected, 3, language) for each in performance],
            labels.text("word.reason", language): [labels.why_not(each.reason, language) for each in performance],
        }
    )
    first = performance[0]
    notes: tuple[str, ...] = (word("exploratory", language),)
    # The model itself may have its number where it cannot be resampled.
    refused = "ml" if results.risk_fits["ml"].reason else "bootstrap"
    if math.isnan(first.apparent):
        notes += reasons({refused: first.reason}, language)
    else:
        counts = {name: labels.count(getattr(first, name), language) for name in ("separated", "degenerate")}
        n = labels.count(first.resamples + first.degenerate, language)
        notes += (word("validation_note", language, n=n, **counts),)
    notes += one_of_many(results, language)
    caption = word("validation_caption", language)
    return Table("validation", steady(data), shown, caption, language, results.dataset.reconstruction, notes)


def _enough(number: float, there: int, language: str) -> str:
    """Write how many it takes, but for no more than there are already."""
    if not math.isfinite(number):
        return word("cannot_tell", language)
    return word("enough", language) if number <= there else labels.count(int(number), language)


_NOMINAL = 0.95
_ESTIMATE = ("model", "estimate", "se", "ci_low", "ci_high", "p_value", "n", "events", "clusters", "reason")


@exhibit
def specification_table(results: Results, language: str) -> Table:
    """Lay out the slope of leak on fill under every choice of model, covariance, adjustment and unit."""
    records = []
    for each in results.specifications:
        found = asdict(each.slope)
        records.append({"unit": each.unit, "adjustment": each.adjustment} | {name: found[name] for name in _ESTIMATE})
    data = pd.DataFrame(records)
    shown = pd.DataFrame(
        {
            word("unit", language): [labels.text(f"word.{unit}", language) for unit in data["unit"]],
            word("adjusted_for", language): [labels.adjustment(name, language) for name in data["adjustment"]],
            word("model", language): [labels.text(f"model.{name}", language) for name in data["model"]],
            word("estimate", language): [
                _slope(estimate, low, high, language)
                for estimate, low, high in data[["estimate", "ci_low", "ci_high"]].to_numpy(float)
            ],
            labels.text("word.p_value", language): [labels.p_value(p, language) for p in data["p_value"]],
            labels.text("word.reason", language): [labels.why_not(code, language) for code in data["reason"]],
        }
    )
    if results.dataset.reconstruction:
        data = data.join(results.free_slopes, on=["unit", "adjustment"])
        ends = ([labels.number(end, 3, language) for end in data[name]] for name in ("free_least", "free_greatest"))
        words = [labels.limits(low, high, language) for low, high in zip(*ends, strict=True)]
        shown.insert(4, word("free_slopes", language), words)
    primary = (data["model"] == PRIMARY) & (data["adjustment"] == "none") & (data["unit"] == "vertebrae")
    notes = tuple(word(each, language) for each in ("exploratory", "specification_note", "independent"))
    notes += one_of_many(results, language)
    caption = word("specification_caption", language, n=len(data))
    bold = tuple(int(place) for place in primary.to_numpy().nonzero()[0])
    return Table("specification", steady(data), shown, caption, language, results.dataset.reconstruction, notes, bold)


@exhibit
def assumptions_table(results: Results, language: str) -> Table:
    """Lay out the tests of what the models take for granted, and what other priors make of the Bayesian one."""
    data = pd.DataFrame([asdict(each) for each in results.assumptions])
    shown = pd.DataFrame(
        {
            word("question", language): [word(f"question_{question}", language) for question in data["question"]],
            word("estimate", language): [
                _slope(estimate, low, high, language)
                for estimate, low, high in data[["estimate", "ci_low", "ci_high"]].to_numpy(float)
            ],
            labels.text("word.p_value", language): [labels.p_value(p, language) for p in data["p_value"]],
            labels.text("word.reason", language): [labels.why_not(code, language) for code in data["reason"]],
        }
    )
    own = dict(bayes.ALTERNATIVES)["little clustering"].sd_patient
    priors = {"usual": bayes.PRIORS.slope, **{name: prior.slope for name, prior in bayes.ALTERNATIVES}, "own": own}
    told = {name.split()[0]: labels.number(sd, 1, language) for name, sd in priors.items()}
    notes = (word("exploratory", language), word("assumptions_note", language, **told), *one_of_many(results, language))
    caption = word("assumptions_caption", language)
    return Table("assumptions", steady(data), shown, caption, language, results.dataset.reconstruction, notes)


@exhibit
def implied_table(results: Results, language: str) -> Table:
    """Lay out what the published statistics alone imply for the slope of leak on fill."""
    data = results.implied
    numbers = [f"drawn_{place}" for place in ("least", "median", "greatest")]
    numbers += [f"{kind}_{end}" for kind in ("witnessed", "any_fill") for end in ("least", "greatest")]
    shown = pd.DataFrame(
        {
            word("unit", language): [labels.text(f"word.{unit}", language) for unit in data["unit"]],
            word("adjusted_for", language): [labels.adjustment(name, language) for name in data["adjustment"]],
            word("model", language): [labels.text(f"model.{name}", language) for name in data["model"]],
            **{word(name, language): [labels.number(value, 3, language) for value in data[name]] for name in numbers},
            word("below_005", language): [
                f"{below}/{n}" for below, n in zip(data["below_005"], data["n"], strict=True)
            ],
            word("failed", language): [str(failed) for failed in data["failed"]],
        }
    )
    notes = (word("exploratory", language), word("implied_note", language))
    return Table("implied", steady(data), shown, word("implied_caption", language), language, True, notes)


@exhibit
def simulation_table(results: Results, language: str) -> Table:
    """Lay out how often each method errs at the design of the study, by simulation."""
    if not (results.simulated or results.published):
        # How methods err at the paper's design says nothing of a study of another.
        nothing, caption = pd.DataFrame(), word("simulation_none", language)
        return Table("simulation", nothing, nothing, caption, language, False, ())
    data = results.simulation
    shown = pd.DataFrame(
        {
            word("model", language): [_method(name, language) for name in data["method"]],
            word("fills", language): [word(f"fills_{fills}", language) for fills in data["fills"]],
            word("datasets", language): [labels.count(int(n), language) for n in data["n"]],
            word("type_one", language): _shares(data, "type_one", language),
            word("coverage", language): _shares(data, "coverage", language),
            word("power_at", language): _shares(data, "power", language),
            word("failed", language): [labels.number(100 * share, 1, language) + "%" for share in data["failed"]],
        }
    )
    notes = (word("simulation_note", language), _judged(data, language))
    return Table("simulation", data, shown, word("simulation_caption", language), language, False, notes)


def _judged(data: pd.DataFrame, language: str) -> str:
    """Say what follows for the primary analysis, by a rule on the coverage with skewed fills."""
    skewed = data[data["fills"] == "lognormal"].set_index("method")
    coverage, errors = skewed["coverage"], skewed["coverage_error"]
    names = {"primary": "gee_kc:t", "satterthwaite": "gee_kc:satterthwaite"}
    short = {name: bool(coverage[method] + 2 * errors[method] < _NOMINAL) for name, method in names.items()}
    key = "simulation_other" if short["primary"] and not short["satterthwaite"] else "simulation_kept"
    told = {name: labels.number(100 * float(coverage[method]), 1, language) for name, method in names.items()}
    return word("simulation_rule", language, **told) + " " + word(key, language)


def _method(name: str, language: str) -> str:
    model, _, reference = name.partition(":")
    words = labels.text(f"model.{model}", language)
    return f"{words}, {labels.text(f'reference.{reference}', language)}" if reference else words


def _slope(estimate: float, low: float, high: float, language: str) -> str:
    if math.isnan(estimate) or math.isnan(low):
        return labels.number(estimate, 3, language)
    ends = labels.limits(labels.bounded(low, 3, language), labels.bounded(high, 3, language), language)
    return f"{labels.bounded(estimate, 3, language)} ({ends})"


def _shares(results: pd.DataFrame, column: str, language: str) -> list[str]:
    return [
        "–"
        if math.isnan(share)
        else f"{labels.number(100 * share, 1, language)}% ± {labels.number(100 * error, 1, language)}"
        for share, error in results[[column, f"{column}_error"]].to_numpy(float).tolist()
    ]

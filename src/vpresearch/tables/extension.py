"""Tables beside the paper's own: other series, and relief."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from vpresearch.privacy import hides_relief
from vpresearch.published.comparators import Comparison
from vpresearch.render import labels
from vpresearch.render.table import HIDDEN, Table, exhibit, hidden_note, steady
from vpresearch.results import Results
from vpresearch.tables.leak_risk import word


@exhibit
def comparators_table(results: Results, language: str) -> Table:
    """Lay out the leak rate beside those of other series."""
    rate, comparisons = results.rate, results.series
    exact, clustered = rate.exact, rate.clustered
    own = {"study": "this study", "detection": results.detection, "unit": "vertebrae", "leaks": rate.leaks, "n": rate.n}
    own |= {"percent": clustered.percent, "ci_low": exact[0], "ci_high": exact[1]}
    own |= {"clustered_low": clustered.low, "clustered_high": clustered.high, "reason": clustered.reason}
    data = pd.DataFrame([own, *(_row(each) for each in comparisons)]).astype({"leaks": "Int64", "n": "Int64"})
    shown = pd.DataFrame(
        {
            word("study", language): [
                word("this_study", language),
                *(labels.series(each.comparator.study, language) for each in comparisons),
            ],
            word("detection", language): [
                # The means by which they are compared is one, and the paper looked by two.
                word("detection_own", language) if results.published else "–",
                *(word(f"detection_{each.comparator.detection}", language) for each in comparisons),
            ],
            word("counted", language): [word(f"counted_{unit}", language) if unit else "–" for unit in data["unit"]],
            word("rate", language): [
                _rate(percent, low, high, leaks, n, language)
                for (percent, low, high), leaks, n in zip(
                    data[["percent", "ci_low", "ci_high"]].to_numpy(float), data["leaks"], data["n"], strict=True
                )
            ],
            word("rate_difference", language): [
                "",
                *(
                    _difference(each.difference, each.difference_low, each.difference_high, language)
                    for each in comparisons
                ),
            ],
            labels.text("word.p_value", language): [
                "",
                *(labels.p_value(each.p_value, language) for each in comparisons),
            ],
            word("no_p", language): ["", *(word(each.reason, language) if each.reason else "" for each in comparisons)],
            word("verified", language): [
                "",
                *(word(f"verified_{each.comparator.verified}", language) for each in comparisons),
            ],
        }
    )
    _, low, high = labels.percents(clustered.percent, clustered.low, clustered.high, 1, language)
    why_not = labels.why_not(clustered.reason, language)
    if why_not:
        allowing = word("not_clustered_note", language, why=why_not)
    elif results.free_rate is not None:
        least, greatest = (labels.number(end, 1, language) for end in results.free_rate)
        allowing = word("free_clustered_note", language, low=low, high=high, least=least, greatest=greatest)
    else:
        allowing = word("clustered_note", language, low=low, high=high)
    detection = (word("detection_note", language),) if results.published else ()
    notes = (word("comparators_note", language), *detection, allowing)
    caption, reconstruction = word("comparators_caption", language), results.dataset.reconstruction
    return Table("comparators", steady(data), shown, caption, language, reconstruction, notes, (0,))


def _row(each: Comparison) -> dict[str, object]:
    other = each.comparator
    return {
        "study": other.study,
        "doi": other.doi,
        "detection": other.detection,
        "unit": other.unit,
        "leaks": other.leaks,
        "n": other.n,
        "percent": each.percent,
        "ci_low": each.low,
        "ci_high": each.high,
        "difference": each.difference,
        "difference_low": each.difference_low,
        "difference_high": each.difference_high,
        "p_value": each.p_value,
        "inside_own_interval": each.inside,
        "reason": each.reason,
        "verified": other.verified,
    }


def _rate(percent: float, low: float, high: float, leaks: object, n: object, language: str) -> str:
    rate, *ends = labels.percents(percent, low, high, 1, language)
    if math.isnan(low):
        return f"{rate}%"
    return f"{leaks}/{n} = {rate}% ({labels.limits(ends[0], ends[1], language)})"


def _difference(difference: float, low: float, high: float, language: str) -> str:
    if math.isnan(low):
        return labels.number(difference, 1, language)
    ends = labels.limits(labels.number(low, 1, language), labels.number(high, 1, language), language)
    return f"{labels.number(difference, 1, language)} ({ends})"


@exhibit
def relief_table(results: Results, language: str) -> Table:
    """Lay out how much less relief there is with more fill or with a leak, against the least that matters."""
    dataset, data = results.dataset, results.relief
    rows = data.to_dict("records")
    shown = pd.DataFrame(
        {
            word("score", language): [_at(each["outcome"], language) for each in rows],
            word("contrast", language): [word(f"contrast_{each['term']}", language) for each in rows],
            labels.text("word.n", language): [str(each["patients"]) for each in rows],
            word("difference", language): [_interval(each, language) for each in rows],
            word("margin", language): ["±" + labels.number(each["margin"], 1, language) for each in rows],
            word("p_equivalence", language): [labels.p_value(each["p_value"], language) for each in rows],
            word("p_difference", language): [labels.p_value(each["p_difference"], language) for each in rows],
            labels.text("word.verdict", language): [
                word(f"verdict_{each['verdict']}", language) if each["verdict"] else "–" for each in rows
            ],
            labels.text("word.reason", language): [labels.why_not(each["reason"], language) for each in rows],
            word("ancova", language): [_alone(each, _interval(each, language, "ancova_"), language) for each in rows],
            word("p_by_time", language): [labels.p_value(each["p_by_time"], language) for each in rows],
        }
    )
    notes: tuple[str, ...] = (word("exploratory", language), word("relief_note", language))
    if data["bound_low"].notna().any():
        ends = data[["bound_low", "bound_high"]].map(lambda end: labels.number(end, 2, language)).to_numpy()
        shown[word("bounds", language)] = [labels.limits(low, high, language) for low, high in ends]
        notes += (word("bounds_note", language),)
    if dataset.reconstruction:
        seen = results.relief_seen
        data = data.merge(seen, how="left", on=["outcome", "term", "margin"])
        shown[word("seen", language)] = [_seen(row, language) for row in data.to_dict("records")]
        notes += (word("seen_note", language, n=int(seen["n"].max())),)
    caption = word("relief_caption", language)
    # Its likelihood is flat where it is highest: the eighth digit depends on the order of a sum.
    laid_out = Table("relief", steady(data, 6), shown, caption, language, dataset.reconstruction, notes)

    def public(min_cell: int) -> Table:
        masked = shown.copy()
        for place, each in enumerate(rows):
            score, sizes = each["outcome"].split("_")[0], (each["patients"], each["of_model"])
            if any(hides_relief(dataset, score, n, min_cell) for n in sizes):
                # Intervals and every p go by degrees of freedom, which tell n.
                masked.iloc[place, [2, 5, 6, *range(10, masked.shape[1])]] = HIDDEN
                difference, alone = (_without_ends(each[f"{of}estimate"], language) for of in ("", "ancova_"))
                masked.iloc[place, 3], masked.iloc[place, 9] = difference, _alone(each, alone, language)
        return replace(laid_out, shown=masked, notes=(*notes, hidden_note(min_cell, language)))

    return replace(laid_out, public=public)


def _seen(row: Mapping[Hashable, Any], language: str) -> str:
    """Write how far the difference reaches over the ensemble, and how often each verdict falls."""
    low, high = (labels.number(row[end], 2, language) for end in ("least", "greatest"))
    verdicts = ("equivalent", "inconclusive", "different")
    counts = ", ".join(f"{word(f'verdict_{name}', language)}: {row[name]}" for name in verdicts if row[name])
    return f"{counts} ({labels.limits(low, high, language)})"


def _at(outcome: str, language: str) -> str:
    score, _, time = f"{outcome}_".split("_")[:3]
    return word(f"score_{score}", language) + (f", {labels.time(time, language).lower()}" if time else "")


def _alone(row: Mapping[Hashable, Any], difference: str, language: str) -> str:
    """Write what the analysis of one time alone says, or why it says nothing."""
    if row["ancova_reason"]:
        return labels.why_not(row["ancova_reason"], language)
    return f"{difference}: {word('verdict_' + row['ancova_verdict'], language)}"


def _interval(row: Mapping[Hashable, Any], language: str, of: str = "") -> str:
    if math.isnan(row[f"{of}estimate"]):
        return "–"
    estimate, low, high = (labels.number(row[of + name], 2, language) for name in ("estimate", "ci_low", "ci_high"))
    return f"{estimate} ({labels.limits(low, high, language)})"


def _without_ends(estimate: float, language: str) -> str:
    return "–" if math.isnan(estimate) else f"{labels.number(estimate, 2, language)} ({HIDDEN})"

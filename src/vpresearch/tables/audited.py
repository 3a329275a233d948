"""The audit of the printed numbers as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from vpresearch.audit import Check, Covered
from vpresearch.data import Dataset
from vpresearch.privacy import withhold
from vpresearch.published import QUANTILES, Claim, Paper
from vpresearch.reconstruct import ANY_FILL
from vpresearch.render import labels
from vpresearch.render.table import Table, exhibit, steady
from vpresearch.results import Results
from vpresearch.scorecard import CAUSES, Cause, Row, cause, missing


def audit_table(checks: Sequence[Check], language: str) -> Table:
    """Lay out an audit, what is impossible first."""
    data = pd.DataFrame(
        [
            {
                "check": check.check,
                "claims": " ".join(check.claims),
                "verdict": check.verdict,
                "detail": labels.audited(check, "en"),
                "n_datasets": check.n_datasets,
                "p_min": check.p_min,
                "p_max": check.p_max,
                "witness": check.witness,
            }
            for check in checks
        ]
    )
    # Numbers of datasets can pass 64 bits.
    data["n_datasets"] = pd.Series([check.n_datasets for check in checks], index=data.index, dtype=object)
    shown = pd.DataFrame(
        [
            {
                labels.text("word.check", language): labels.text(f"audit_check.{check.check}", language),
                labels.text("word.claims", language): check.claims[0],
                labels.text("word.verdict", language): labels.text(f"audit_verdict.{check.verdict}", language),
                labels.text("word.detail", language): labels.audited(check, language),
                labels.text("word.datasets", language): ""
                if check.n_datasets is None
                else labels.count(check.n_datasets, language),
            }
            for check in sorted(checks, key=_gravity)
        ]
    )
    notes = (labels.text("footnote.audit", language),)
    return Table("audit", steady(data), shown, labels.text("caption.audit", language), language, False, notes)


def numbers_table(covered: Sequence[Covered], language: str) -> Table:
    """Lay out every printed number with what checked it, or why nothing did."""
    rows = [
        (each.claim.id, each.claim.printed.printed, " ".join(each.checks), labels.covered(each, language))
        for each in covered
    ]
    data = pd.DataFrame(
        [
            (name, printed, checks, labels.covered(each, "en"))
            for (name, printed, checks, _), each in zip(rows, covered, strict=True)
        ],
        columns=["claim", "printed", "checks", "detail"],
    )
    shown = pd.DataFrame(
        [(name, labels.printed(printed, language), said) for name, printed, _, said in rows],
        columns=[labels.text(f"word.{word}", language) for word in ("claims", "printed", "detail")],
    )
    return Table("numbers", data, shown, labels.text("caption.numbers", language), language, False, ())


@exhibit
def conclusions_table(results: Results, language: str) -> Table:
    """Lay out the paper's conclusions: what it says, whether the arithmetic holds, and what that leaves open."""
    found = results.conclusions
    data = pd.DataFrame(
        [(each.code, each.answer, labels.concluded(each, "en")) for each in found],
        columns=["conclusion", "arithmetic", "detail"],
    )
    shown = pd.DataFrame(
        {
            labels.text("word.conclusion", language): [
                labels.text(f"conclusion.{each.code}", language) for each in found
            ],
            labels.text("word.arithmetic", language): [
                labels.text(f"arithmetic.{each.answer}", language) for each in found
            ],
            labels.text("word.detail", language): [labels.concluded(each, language) for each in found],
        }
    )
    notes = (labels.text("footnote.conclusions", language),)
    return Table("conclusions", data, shown, labels.text("caption.conclusions", language), language, False, notes)


@exhibit
def statements_table(results: Results, language: str) -> Table:
    """Lay out what else the paper says of its own patients, and why no number is computed for it."""
    paper, found = results.paper, results.paper.statements
    data = pd.DataFrame(
        [
            {
                "statement": each.id,
                "place": "; ".join(each.places),
                "says": each.says["en"],
                "reason": each.reason["en"],
                "claims": " ".join(each.beside),
            }
            for each in found
        ],
        columns=["statement", "place", "says", "reason", "claims"],
    )
    columns = {
        "place": [labels.places(each.places, language) for each in found],
        "statement": [each.says[language] for each in found],
        "why_no_number": [each.reason[language] for each in found],
        "beside": ["; ".join(labels.claimed(paper[claim], language) for claim in each.beside) for each in found],
    }
    shown = pd.DataFrame({labels.text(f"word.{word}", language): cells for word, cells in columns.items()})
    return Table("statements", data, shown, labels.text("caption.statements", language), language, False)


def _gravity(check: Check) -> int:
    """Order by what a reader must see: a grid that nobody stated is only a supposition."""
    if check.check.endswith("_natural_grid"):
        return 4
    return 0 if check.alarm else {"undecided": 1, "impossible": 2, "possible": 3}[check.verdict]


@exhibit
def scorecard_table(results: Results, language: str) -> Table:
    """Lay out the scorecard."""
    rows, dataset = results.rows, results.dataset

    def public(min_cell: int) -> Table:
        return judged_table(withhold(rows, dataset, min_cell), dataset, language)

    return replace(judged_table(rows, dataset, language), public=public)


def judged_table(rows: Sequence[Row], dataset: Dataset, language: str) -> Table:
    """Lay out the rows of a scorecard."""
    claims = {row.claim.id: row.claim for row in rows}
    data = pd.DataFrame(
        [
            {
                "claim": row.claim.id,
                "place": "; ".join(row.claim.places),
                "printed": row.claim.printed.printed,
                "computed": _value(row, dataset.reconstruction),
                "rounded": row.rounded,
                "verdict": row.verdict,
                "method": labels.method(row.computed.method, "en"),
                "reason": _reasons(row, "en", {}),
            }
            for row in rows
        ]
    )
    shown = pd.DataFrame(
        [
            {
                labels.text("word.claim", language): row.claim.id,
                labels.text("word.place", language): labels.places(row.claim.places, language),
                labels.text("word.printed", language): labels.printed(row.claim.printed.printed, language),
                labels.text("word.computed", language): _computed(row, language, dataset.reconstruction),
                labels.text("word.rounded", language): labels.rounded(row, language),
                labels.text("word.verdict", language): labels.text(f"verdict.{row.verdict}", language),
                labels.text("word.method", language): labels.method(row.computed.method, language),
                labels.text("word.reason", language): _reasons(row, language, claims),
            }
            for row in rows
        ]
    )
    notes = tuple(labels.text(f"footnote.{name}", language) for name in ("rule", "independent"))
    notes += (labels.text("footnote.bound", language, n=len(rows)),)
    caption = labels.text("caption.scorecard", language)
    return Table("scorecard", data, shown, caption, language, dataset.reconstruction, notes)


def _is_single_value(row: Row, reconstruction: bool) -> bool:
    return row.claim.compute.statistic in QUANTILES and not reconstruction


def _value(row: Row, reconstruction: bool) -> float:
    """Give the computed value, no finer than the paper does where it is some patient's own."""
    value = row.computed.value
    return round(value, row.claim.printed.decimals) if _is_single_value(row, reconstruction) else value


def _computed(row: Row, language: str, reconstruction: bool) -> str:
    """Show two decimals more than are printed; a count has none to show, and what is public or a patient's no more."""
    if row.claim.compute.statistic in {"n", "lead"}:
        return labels.number(row.computed.value, 0, language)
    more = 0 if row.coarse or _is_single_value(row, reconstruction) else 2
    return _number(row, row.claim.printed.decimals + more, language)


def _number(row: Row, decimals: int, language: str) -> str:
    if row.claim.kind == "p":
        return labels.p_value(row.computed.value, language, decimals)
    return labels.number(row.computed.value, decimals, language)


def _reasons(row: Row, language: str, claims: Mapping[str, Claim]) -> str:
    """Write the reasons of a verdict; claims that imply it go by their names, or by their ids to a machine."""
    says = row.claim.says.get(language)
    parts = [labels.text("reason.says", language, says=says)] if says else []
    for note in row.reasons:
        named = dict(note.values)
        if note.code == "implied" and claims:
            names = (labels.claimed(claims[each], language) for each in str(note.values["list"]).split(", "))
            named["list"] = "; ".join(names)
        parts.append(labels.reason(replace(note, values=named), language))
    return " ".join(parts)


# Notes that say why a number differs; others say how it was computed, or that it differs.
_TELLING = {
    *("other_test", "other_unit", "no_column", "too_few", "test_not_done", "p_unattainable", "p_exchanged", "p_copied")
}


@exhibit
def differences_table(results: Results, language: str) -> Table:
    """Lay out what differs from the paper and why that may be."""
    rows, dataset = results.rows, results.dataset
    different = sorted(
        ((row, found) for row in rows if (found := cause(row, dataset)) is not None),
        key=lambda pair: CAUSES.index(pair[1]),
    )
    data = pd.DataFrame(
        [
            {"claim": row.claim.id, "printed": row.claim.printed.printed, "computed": row.computed.value, "cause": why}
            for row, why in different
        ],
        columns=["claim", "printed", "computed", "cause"],
    )
    heads = [labels.text(f"word.{word}", language) for word in ("place", "claim", "printed", "computed", "reason")]
    shown = pd.DataFrame([_cells(row, why, dataset, language) for row, why in different], columns=heads)
    notes = [labels.text(f"footnote.{name}", language) for name in ("rule", "independent")]
    counts = Counter(why for _, why in different)
    if different:
        causes = [f"{labels.text(f'cause.{why}', language)}, {counts[why]}" for why in CAUSES if counts[why]]
        notes.append(labels.text("report.causes", language, list="; ".join(causes)))
    if counts["unexplained"]:
        notes.append(labels.text("report.unexplained", language))
    caption = labels.text("report.differences_caption", language, n=len(different))
    return Table("differences", data, shown, caption, language, dataset.reconstruction, tuple(notes))


# Notes that tell of the printed numbers alone, whatever the data.
_OF_PRINT = {
    *("p_unattainable", "p_exchanged", "p_copied", "near_the_edge", "printed_twice", "denominator_forced"),
    "unit_forced",
}


@exhibit
def corrections(results: Results, language: str) -> Table:
    """Lay out what the paper would have to correct or make clear, from the data or, without them, by proof."""
    dataset, found = results.dataset, list[tuple[str, ...]]()
    for row in results.rows:
        why = None if dataset.reconstruction else cause(row, dataset)
        said = [labels.reason(note, language) for note in row.reasons if note.code in _OF_PRINT]
        if why is not None:
            place, what, printed, computed, explained = _cells(row, why, dataset, language)
            stated, given = f"{what}: {printed}", f"{computed}. {explained}"
            # What the paper says in words it does not print as a number.
            if says := row.claim.says.get(language):
                stated, given = labels.text("reason.says", language, says=says), f"{what}: {given}"
            found.append((row.claim.id, place, stated, given))
        elif said:
            place, what, printed = _printed(row, language)
            found.append((row.claim.id, place, f"{what}: {printed}", " ".join(said)))
    for each in results.paper.statements:
        if each.contradicted:
            found.append((each.id, labels.places(each.places, language), each.says[language], each.reason[language]))
    for quoted, seen in results.misattributed:
        rates = [labels.percent(float(rate.value), rate.decimals, language) for _, rate in (quoted, seen)]
        says = labels.text("word.attributed", language, percent=f"{rates[0]}%", study=quoted[0])
        instead = labels.text("word.printed_by", language, study=seen[0], percent=f"{rates[1]}%")
        found.append((quoted[0], labels.place("discussion", language), says, instead))
    heads = [labels.text(f"word.{word}", language) for word in ("place", "printed", "given")]
    shown = pd.DataFrame([cells for _, *cells in found], columns=heads)
    caption = labels.text("caption.corrections", language, n=len(found))
    data = pd.DataFrame({"name": [name for name, *_ in found]})
    # Without rows it tells of the printed numbers alone, and nothing of a reconstruction.
    return Table("corrections", data, shown, caption, language, False)


def _printed(row: Row, language: str) -> tuple[str, str, str]:
    """Say where a number is printed, what it is, and how it is printed."""
    claim = row.claim
    what = labels.claimed(replace(claim, places=()), language)
    return labels.places(claim.places, language), what, labels.printed(claim.printed.printed, language)


def _cells(row: Row, why: Cause, dataset: Dataset, language: str) -> tuple[str, ...]:
    # An extreme is one patient's value: no digit more of it than the paper prints.
    more = {"n": -row.claim.printed.decimals, "lead": -row.claim.printed.decimals, **dict.fromkeys(QUANTILES, 0)}
    decimals = row.claim.printed.decimals + more.get(row.claim.compute.statistic, 2)
    return (*_printed(row, language), _number(row, decimals, language), _explanation(row, why, dataset, language))


def _explanation(row: Row, why: Cause, dataset: Dataset, language: str) -> str:
    found = [labels.reason(note, language) for note in row.reasons if note.code in _TELLING]
    if why == "truncation":
        found.insert(0, labels.text("report.truncation", language))
    if gaps := missing(row, dataset):
        found.append(labels.text("report.missing_one" if gaps == 1 else "report.missing_many", language, n=gaps))
    told = " ".join(found) or labels.text("report.no_reason", language)
    # The test is ours; what is printed may come from another.
    tested = row.computed.method.code.startswith(("p_", "smallest_p_"))
    return f"{labels.method(row.computed.method, language)}. {told}" if tested else told


_SHOWN = (0.0, 0.025, 0.5, 0.975, 1.0)
_ENDS = {"least": (min, 0.0), "greatest": (max, 1.0)}


@exhibit
def spread_table(results: Results, language: str) -> Table:
    """Lay out how far datasets that satisfy every claim differ in what none of them tells."""
    values = {key: _by_quantile(table) for key, table in results.spread.items()}
    drawn = values["", "drawn"]
    names = list(dict.fromkeys(name for name, _ in drawn))
    # What satisfies every claim satisfies all but one, too.
    ends = {"witnessed": ("",), "any_fill": ("", ANY_FILL)}
    rows = [
        {"statistic": name}
        | {f"quantile_{quantile:g}": drawn[name, quantile] for quantile in _SHOWN}
        | {
            f"{head}_{end}": choose(values[key][name, quantile] for key in product(kinds, ("drawn", "extreme")))
            for head, kinds in ends.items()
            for end, (choose, quantile) in _ENDS.items()
        }
        for name in names
    ]
    data = pd.DataFrame(rows)
    heads = {f"quantile_{quantile:g}": f"{labels.number(100 * quantile, 1, language)}%" for quantile in _SHOWN}
    heads |= {
        name: labels.text(f"word.{name}", language) for name in (f"{head}_{end}" for head in ends for end in _ENDS)
    }
    shown = pd.DataFrame(
        {
            labels.text("word.statistic_free", language): [labels.text(f"spread.{name}", language) for name in names],
            **{
                head: [
                    labels.number(float(value), 0 if _counts(name) else 3, language)
                    for name, value in zip(names, data[column], strict=True)
                ]
                for column, head in heads.items()
            },
        }
    )
    notes = (labels.text("footnote.spread", language),)
    caption = labels.text("caption.spread", language, n=len(results.ensembles["drawn"]))
    return Table("spread", data, shown, caption, language, True, notes)


def _by_quantile(table: pd.DataFrame) -> dict[tuple[str, float], float]:
    """Values by statistic and quantile, with the digits that do not depend on the machine's vector instructions."""
    return {
        (str(name), float(quantile)): float(f"{value:.12g}")
        for name, quantile, value in zip(table["statistic"], table["quantile"], table["value"], strict=True)
    }


def _counts(name: str) -> bool:
    return name.startswith(("patients", "most", "leaks"))


_VERDICTS = ("possible", "impossible", "undecided")
# Checks whose answer is worth reading whatever it is.
_DIGESTED = (
    "p_source",
    "p_exchange",
    "p_copy",
    "p_nought",
    "printed_twice",
    "unit_of_mean",
    "ratio",
    "unit_of_analysis",
)


@exhibit
def audit(results: Results, language: str) -> Table:
    """Lay out the audit of the paper."""
    return audit_table(results.checks, language)


@exhibit
def audit_digest(results: Results, language: str) -> Table:
    """Count the checks of the paper by kind and verdict."""
    return digest_table(results.checks, language)


@exhibit
def audit_findings(results: Results, language: str) -> Table:
    """Lay out what the audit of the paper says."""
    return findings_table(results.checks, results.paper, language)


def digest_table(checks: Sequence[Check], language: str) -> Table:
    """Count the checks of an audit by kind and verdict."""
    counts = pd.DataFrame(
        [{"check": check.check, "verdict": check.verdict} for check in checks], columns=["check", "verdict"]
    )
    data = pd.crosstab(counts["check"], counts["verdict"]).reindex(columns=_VERDICTS, fill_value=0)
    data = data.reindex(counts["check"].unique()).reset_index().rename_axis(columns=None)
    shown = pd.DataFrame(
        {labels.text("word.check", language): [labels.text(f"audit_check.{name}", language) for name in data["check"]]}
        | {
            labels.text(f"audit_verdict.{verdict}", language): [str(count) if count else "" for count in data[verdict]]
            for verdict in _VERDICTS
        }
    )
    caption = labels.text("report.digest_caption", language, n=len(checks))
    notes = (labels.text("report.digest_note", language),)
    return Table("audit_digest", data, shown, caption, language, False, notes)


def findings_table(checks: Sequence[Check], paper: Paper, language: str) -> Table:
    """Lay out the alarms of an audit, what it left undecided, and what it says of p-values and units."""
    telling = [check for check in checks if check.alarm or check.verdict == "undecided" or check.check in _DIGESTED]
    telling.sort(key=lambda check: (not check.alarm, check.verdict != "undecided"))
    data = pd.DataFrame(
        [
            {"check": each.check, "claim": each.claims[0], "verdict": each.verdict, "alarm": each.alarm}
            for each in telling
        ],
        columns=["check", "claim", "verdict", "alarm"],
    )
    shown = pd.DataFrame(
        [
            (
                labels.text(f"audit_check.{each.check}", language),
                _named(paper[each.claims[0]], language),
                labels.text(f"audit_verdict.{each.verdict}", language),
                labels.audited(each, language),
            )
            for each in telling
        ],
        columns=[labels.text(f"word.{word}", language) for word in ("check", "claims", "verdict", "detail")],
    )
    bold = tuple(place for place, each in enumerate(telling) if each.alarm)
    caption = labels.text("report.findings_caption", language)
    notes = (labels.text("footnote.audit", language),)
    return Table("audit_findings", data, shown, caption, language, False, notes, bold)


def _named(claim: Claim, language: str) -> str:
    """Name a printed number by where it stands and what it is of."""
    variable = claim.compute.variable
    place = labels.place(claim.places[-1], language)
    return f"{place}: {labels.variable(variable, language)}" if variable else place

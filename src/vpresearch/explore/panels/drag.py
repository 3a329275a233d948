"""Drag one vertebra, and watch p, the odds ratio and the scorecard change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf, isfinite, isnan
from typing import Any

import ipywidgets as widgets

from vpresearch.core.dictionary import columns
from vpresearch.data import Dataset
from vpresearch.explore import chart, show
from vpresearch.explore.chart import NumberBox, Plot
from vpresearch.explore.panels import walk
from vpresearch.explore.panels.dose import FIT, NAMES, model_choice, odds_or_none, reason_of
from vpresearch.explore.panels.groups import printed_p
from vpresearch.explore.session import Session, moved, paper
from vpresearch.inference import Comparison, compare_by_leak
from vpresearch.published import Claim
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import leak_design
from vpresearch.render.labels import claimed, p_value, printed, rounded, text, variable
from vpresearch.scorecard import Row, judge

_COMPARED = ("vertebral_volume_cc", "cement_volume_cc", "fill_percent")
# What a vertebra is called by, and what a design of the leak models is made from.
_OF_DESIGN = {"patient_id", "level", "region", "sex"}
OF_ONE = {"vertebral_volume_cc", "cement_volume_cc", "fill_percent", "leak"}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a study says, as far as one vertebra's volumes and leak can change it."""

    comparisons: Mapping[str, Comparison]
    slope: Estimate


def touched(names: Iterable[str]) -> list[Claim]:
    """Return the claims that depend on some columns."""
    asked = set(names)
    return [claim for claim in paper().claims if asked & columns_of(claim)]


def columns_of(claim: Claim) -> set[str]:
    """Return the columns that a claim is computed from."""
    compute = claim.compute
    used = {*compute.variables, *compute.fell, *compute.group, *compute.minus, *compute.within}
    used |= {compute.variable} if compute.variable else set()
    # The protocol compares by leak.
    return used | {"leak"} if compute.statistic in {"p", "smallest_p"} else used


def outcome(study: Dataset, model: str) -> Outcome:
    """Compute the p of the protocol and the slope."""
    comparisons = {name: compare_by_leak(study, name) for name in _COMPARED}
    slope = study.keep(("drag", "slope", model), lambda: FIT[model](leak_design(study.rows))[1])
    return Outcome(comparisons, slope)


def verdicts(study: Dataset, claims: Iterable[Claim]) -> dict[str, Row]:
    """Judge some claims."""
    return {each.id: study.keep(("drag", "verdict", each.id), partial(judge, paper(), each, study)) for each in claims}


def slimmed(study: Dataset) -> Dataset:
    """Keep the columns that the panel asks for: a move copies and joins them."""
    return study.keep(("drag", "slimmed"), lambda: _slimmed(study))


def _slimmed(study: Dataset) -> Dataset:
    names = OF_ONE | _OF_DESIGN | {name for claim in touched(OF_ONE) for name in columns_of(claim)}
    vertebrae, patients = (
        table[[name for name in table if name in names]] for table in (study.vertebrae, study.patients)
    )
    return replace(study, vertebrae=vertebrae, patients=patients)


def changed_columns(study: Dataset, other: Dataset, at: int) -> list[str]:
    """Return the columns in which a vertebra is otherwise than it was."""
    before, after = study.vertebrae.loc[at], other.vertebrae.loc[at]
    return [name for name in sorted(OF_ONE) if before[name] != after[name]]


def p_table(before: Outcome, after: Outcome, language: str) -> str:
    """Write the p of the protocol and the odds ratio, before and now."""
    rows = []
    for name in _COMPARED:
        both = [each.comparisons[name] for each in (before, after)]
        shown = [f"{p_value(each.result.p_value, language)} ({text(f'test.{each.chosen}', language)})" for each in both]
        rows.append([f"p, {variable(name, language)}", *shown, printed(printed_p(name), language) or "–"])
    ratios = []
    for each in (before.slope, after.slope):
        ends = {"low": odds_or_none(each.ci_low, language), "high": odds_or_none(each.ci_high, language)}
        ratio = f"{odds_or_none(each.estimate, language)} ({text('explore.from_to', language, **ends)})"
        said = [] if isnan(each.estimate) else [ratio]
        ratios.append("; ".join([*said, *filter(None, [reason_of(each, language)])]))
    rows.append([text("explore.odds_ratio_point", language), *ratios, "–"])
    rows.append(
        [
            "p, " + text("explore.odds_ratio_point", language),
            *(p_value(each.slope.p_value, language) for each in (before, after)),
            "–",
        ]
    )
    heads = [text(f"explore.{name}", language) for name in ("numbers", "before", "now")]
    heads.append(text("word.printed", language))
    return show.table(text("explore.drag_caption", language), heads, rows)


def scorecard_table(before: Mapping[str, Row], after: Mapping[str, Row], language: str) -> str:
    """Write the claims of the scorecard whose verdict has changed."""
    rows = []
    for claim, row in after.items():
        was = before[claim]
        if was.verdict != row.verdict:
            verdicts = [text(f"verdict.{each.verdict}", language) for each in (was, row)]
            numbers = [rounded(each, language) or "–" for each in (was, row)]
            said = [claimed(row.claim, language), printed(row.claim.printed.printed, language)]
            rows.append([*said, *numbers, *verdicts])
    count = text("explore.scorecard_changes", language, n=len(rows), total=len(paper().claims))
    if not rows:
        return show.paragraph(count)
    heads = [text("word.claim", language), text("word.printed", language)]
    heads += [text(f"explore.{name}", language) for name in ("before", "now", "verdict_before", "verdict_now")]
    return show.table(count, heads, rows)


def asked_of(session: Session) -> dict[str, Any] | None:
    """Return which vertebra a link moves, and where to."""
    try:
        volume, cement, leak = session.asked.pop("drag.moved").split(",")
        values = {"vertebral_volume_cc": float(volume), "cement_volume_cc": float(cement), "leak": leak}
    except (KeyError, ValueError):
        return None
    fits = leak in {"no", "yes"} and isfinite(float(volume)) and isfinite(float(cement))
    return {"at": session.selected, "values": values} if fits else None


def _box(name: str, language: str) -> NumberBox:
    """Make the box of a column, for all that a study may hold."""
    column = columns()[name]
    return NumberBox(variable(name, language), (column.minimum or 0.0, column.maximum or inf), language)


def panel(session: Session) -> widgets.Widget:
    """Show the vertebrae, one of them to be dragged, beside what it changes."""
    study, language = slimmed(session.study), session.language
    state: dict[str, Any] = {"at": session.selected, "quiet": False}
    who = show.made(
        widgets.BoundedIntText,
        session.selected + 1,
        min=1,
        max=len(study.vertebrae),
        description=text("explore.vertebra_number", language),
    )
    volume, cement = (_box(name, language) for name in ("vertebral_volume_cc", "cement_volume_cc"))
    leak = show.made(
        widgets.ToggleButtons, options=[(text(f"leak_group.{each}", language), each) for each in ("no", "yes")]
    )
    model = model_choice(session, "drag.model")
    reset, outlier = (
        show.made(widgets.Button, description=text(f"explore.{name}", language)) for name in ("put_back", "put_far")
    )
    numbers, changes, plot = show.html(), show.html(), Plot()

    def update() -> None:
        if state["quiet"]:
            return
        other = moved(study, state["at"], volume.number, cement.number, leak.value)
        changed = changed_columns(study, other, state["at"])
        # A vertebra that stands where it stood changes nothing that has to be computed.
        other = other if changed else study
        claims = touched(changed)
        said = show.paragraph(text("explore.made_up", language), "vp-fault") if changed else ""
        compared = p_table(outcome(study, model.value), outcome(other, model.value), language)
        judged = scorecard_table(verdicts(study, claims), verdicts(other, claims), language)
        spec = draw(other, state["at"], plot.moved.get("turn", 0), language)
        told = f"{volume.number},{cement.number},{leak.value}" if changed else ""
        session.remember("drag.moved", told)
        session.of_data["drag"] = (
            {"at": state["at"], "values": dict(other.vertebrae.loc[state["at"]])} if changed else {}
        )
        code = show.python(
            session,
            "from vpresearch.explore.session import moved",
            f'other = moved(study, {state["at"]}, {volume.number}, {cement.number}, "{leak.value}")',
            *(f'vp.compare_by_leak(other, "{name}").result' for name in _COMPARED),
            f"vp.{NAMES[model.value]}(vp.leak_design(other.rows))[1]",
            "[row.verdict for row in vp.score_paper(vp.read_paper(vp.PUBLISHED), other)]",
        )
        # Told at once, the plot first: it asks for its place, for which what was told before must be laid out.
        plot.spec, numbers.value, changes.value = spec, said + compared + code, judged

    def put(values: dict[str, Any]) -> None:
        # All at once: each control alone would have everything computed anew.
        state["quiet"] = True
        volume.number = values["vertebral_volume_cc"]
        cement.number = values["cement_volume_cc"]
        leak.value = values.get("leak", leak.value)
        state["quiet"] = False
        update()

    def choose(at: int, values: dict[str, Any] | None = None) -> None:
        state["at"] = session.selected = at
        who.value = at + 1
        plot.mark(at, walk.siblings(study, at))
        put(values or dict(study.vertebrae.loc[at]))

    for box in (volume, cement):
        session.on(box, update, "number")
    for control in (leak, model):
        session.on(control, update)
    session.on(who, lambda: choose(who.value - 1) if who.value - 1 != state["at"] else None)
    session.on(plot, lambda: choose(plot.picked["id"]) if plot.picked["id"] != state["at"] else None, "picked")
    session.on(
        plot, lambda: put({"vertebral_volume_cc": plot.moved["x"], "cement_volume_cc": plot.moved["y"]}), "moved"
    )
    reset.on_click(session.guarded(lambda _: choose(state["at"])))

    def put_far() -> None:
        # One outlier: in the smallest vertebra the most cement that the plot has room for.
        smallest = float(study.vertebrae["vertebral_volume_cc"].min())
        put({"vertebral_volume_cc": smallest, "cement_volume_cc": plot.spec["y"]["high"]})

    outlier.on_click(session.guarded(lambda _: put_far()))
    kept = session.of_data.get("drag") or {"at": session.selected, "values": None}
    choose(**(asked_of(session) or kept))
    left = show.half(show.near(who, volume, cement), show.near(leak, model, reset, outlier), numbers)
    beside = show.beside(study, language)
    return show.column(show.heading("drag", language), show.row(left, show.half(plot)), changes, beside)


def draw(study: Dataset, at: int, turn: int, language: str) -> dict[str, Any]:
    """Draw volume and cement, the chosen vertebra to be dragged, after so many moves of it."""
    columns = "vertebral_volume_cc", "cement_volume_cc"
    spec = walk.scatter(study, *columns, language, draggable=at, steps=(0.1, 0.1), turn=turn)
    # Room to drag to: the axes do not move under the hand.
    rows = study.vertebrae if len(study.vertebrae) == 1 else study.vertebrae.drop(index=at)
    reach = rows["vertebral_volume_cc"], rows["cement_volume_cc"]
    low, high = ([float(each.min()) for each in reach], [float(each.max()) for each in reach])
    spec["x"] = chart.axis(
        variable("vertebral_volume_cc", language), max(5.0, low[0] - 8), high[0] + 8, language
    ).as_json()
    spec["y"] = chart.axis(variable("cement_volume_cc", language), 0.0, high[1] + 2, language).as_json()
    return spec

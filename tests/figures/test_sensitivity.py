from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.markers import CARETDOWN, CARETUP

from tests.figures.layout import Seen, assert_sound, faults
from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.figures import leak_models, specification_figure, spline_figure
from vpresearch.regression import assumptions
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import PRIMARY, Specification, leak_design, specification_curve
from vpresearch.regression.risk import log_odds, risk_curve
from vpresearch.render import labels
from vpresearch.render.figure import COLOURS, as_printed


def choice(
    unit: str, adjustment: str, model: str, slope: tuple[float, float, float], reason: str = ""
) -> Specification:
    estimate, low, high = slope
    found = Estimate(model, "leak", "fill_percent", "", estimate, ci_low=low, ci_high=high, reason=reason)
    return Specification(unit, adjustment, found)


NAN = math.nan
CHOICES = [
    choice("vertebrae", "none", "ml", (0.3, 0.1, 0.5)),
    choice("vertebrae", "none", PRIMARY, (0.2, -0.1, 0.5)),
    choice("vertebrae", "age", PRIMARY, (-0.4, -0.7, -0.1)),
    choice("vertebrae", "age", "mixed", (NAN, NAN, NAN), "not_converged"),
    choice("patients", "none", "ml", (0.25, -0.4, 90.0)),
]


def places(line: Line2D) -> list[float]:
    return [float(x) for x in np.asarray(line.get_xdata())]


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


# -- specifications ----------------------------------------------------------------------------------------------


def test_the_slopes_rise_and_those_without_a_fit_come_last(shipped: Dataset) -> None:
    figure = specification_figure(of(shipped, specifications=CHOICES), "en")
    assert figure.data["model"].tolist() == [PRIMARY, PRIMARY, "ml", "ml", "mixed"]
    assert figure.data["estimate"].tolist()[:4] == [-0.4, 0.2, 0.25, 0.3]
    assert figure.data["primary"].tolist() == [False, True, False, False, False]
    above, _ = figure.canvas.axes
    by_colour = {
        to_hex(str(line.get_color())).upper(): dict(zip(places(line), np.asarray(line.get_ydata()), strict=True))
        for line in above.lines
        if line.get_marker() == "o"
    }
    assert by_colour == {COLOURS["no"]: {1: 0.2, 2: 0.25}, COLOURS["yes"]: {0: -0.4, 3: 0.3}}
    (crosses,) = [line for line in above.lines if line.get_marker() == "x"]
    assert places(crosses) == [4]


def test_an_interval_is_drawn_from_end_to_end_but_for_what_no_axis_holds(shipped: Dataset) -> None:
    above, _ = specification_figure(of(shipped, specifications=CHOICES), "en").canvas.axes
    ends = {
        float(segment[0, 0]): [float(y) for y in segment[:, 1]]
        for lines in above.collections
        if isinstance(lines, LineCollection)
        for segment in map(np.asarray, lines.get_segments())
    }
    assert ends == {0: [-0.7, -0.1], 1: [-0.1, 0.5], 2: [-0.4, 3.0], 3: [0.1, 0.5]}


def test_a_slope_that_no_axis_holds_has_no_point(shipped: Dataset) -> None:
    steep = choice("vertebrae", "sex", "firth", (5.0, 1.0, 9.0))
    above, _ = specification_figure(of(shipped, specifications=[*CHOICES, steep]), "en").canvas.axes
    drawn = {float(y) for line in above.lines if line.get_marker() == "o" for y in np.asarray(line.get_ydata())}
    assert {y for y in drawn if not math.isnan(y)} == {-0.4, 0.2, 0.25, 0.3}
    assert max(float(np.asarray(line.get_ydata()).max()) for line in above.lines if line.get_marker() == "x") == 0


def test_what_goes_on_beyond_the_axis_has_an_arrow_that_the_legend_tells_of(shipped: Dataset) -> None:
    steep = [
        choice("vertebrae", "sex", "firth", (5.0, 1.0, 9.0)),
        choice("vertebrae", "region", "ml", (0.1, -8.0, 2.0)),
    ]
    above, below = specification_figure(of(shipped, specifications=[*CHOICES, *steep]), "en").canvas.axes
    arrows = {
        (place, float(y))
        for line in above.lines
        if line.get_marker() in (CARETUP, CARETDOWN)
        for place, y in zip(places(line), np.asarray(line.get_ydata()), strict=True)
    }
    # By size: -0.4, 0.1, 0.2, 0.25, 0.3, 5.
    assert arrows == {(1.0, -3.0), (3.0, 3.0), (5.0, 3.0)}
    words = [text.get_text() for text in below.get_legend().get_texts()]  # type: ignore[union-attr]
    assert "arrow: goes on beyond ±3" in words
    tame, legend = specification_figure(of(shipped, specifications=CHOICES[:3]), "en").canvas.axes
    assert not [line for line in tame.lines if line.get_marker() in (CARETUP, CARETDOWN) and places(line)]
    assert not [text for text in legend.get_legend().get_texts() if "arrow" in text.get_text()]  # type: ignore[union-attr]


def test_a_number_beside_a_reason_is_hollow(shipped: Dataset) -> None:
    apart = choice("patients", "none", "firth", (0.9, 0.1, 2.0), "complete_separation")
    above, below = specification_figure(of(shipped, specifications=[*CHOICES, apart]), "en").canvas.axes
    hollow = [line for line in above.lines if line.get_marker() == "o" and line.get_markerfacecolor() == "white"]
    assert [places(line) for line in hollow] == [[4.0]]
    words = [text.get_text() for text in below.get_legend().get_texts()]  # type: ignore[union-attr]
    assert "hollow: the likelihood alone gives no number" in words


def test_a_slope_has_a_dot_for_each_of_its_choices(shipped: Dataset) -> None:
    _, below = specification_figure(of(shipped, specifications=CHOICES), "en").canvas.axes
    marked: dict[float, set[str]] = {}
    for line in below.lines:
        for place, row in zip(places(line), np.asarray(line.get_ydata()), strict=True):
            marked.setdefault(place, set()).add(names(below)[int(row)])
    primary = labels.text(f"model.{PRIMARY}", "en")
    assert marked == {
        0: {"vertebrae", "Age", primary},
        1: {"vertebrae", "None", primary},
        2: {"patients", "None", "Maximum likelihood"},
        3: {"vertebrae", "None", "Maximum likelihood"},
        4: {"vertebrae", "Age", "Random intercept (conditional)"},
    }
    bold = [label.get_text() for label in below.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["Unit", "Adjusted for", "Model"]


def test_the_primary_is_marked_in_both_panels_and_every_slope_of_a_reconstruction_has_its_range(
    shipped: Dataset, studies: dict[str, Dataset]
) -> None:
    free = pd.DataFrame(
        {"free_least": [-0.004, -0.3, -9.0], "free_greatest": [0.134, 0.4, 0.6]},
        pd.MultiIndex.from_tuples([("vertebrae", "none"), ("vertebrae", "age"), ("patients", "none")]),
    )
    figure = specification_figure(of(shipped, specifications=CHOICES, free_slopes=free), "en")
    above, below = figure.canvas.axes
    spans = [
        [patch.get_window_extent().transformed(axes.transData.inverted()) for patch in axes.patches]
        for axes in (above, below)
    ]
    assert [len(span) for span in spans] == [6, 1]
    for span in (spans[0][0], spans[1][0]):
        assert span.intervalx.tolist() == pytest.approx([0.5, 1.5])
    # By size: age, the primary, patients, maximum likelihood, age again; -9 is beyond the axis.
    ends = [(-0.3, 0.4), (-0.004, 0.134), (-3.0, 0.6), (-0.004, 0.134), (-0.3, 0.4)]
    for place, (span, own) in enumerate(zip(spans[0][1:], ends, strict=True)):
        assert span.intervalx.tolist() == pytest.approx([place - 0.5, place + 0.5])
        assert span.intervaly.tolist() == pytest.approx(own)
    assert figure.data["free_least"].tolist() == [-0.3, -0.004, -9.0, -0.004, -0.3]
    legend = below.get_legend()
    assert legend is not None
    assert any("Seen among datasets" in text.get_text() for text in legend.get_texts())
    assert "free_least" not in specification_figure(of(studies["plain"], specifications=CHOICES), "en").data


def test_the_primary_slope_is_drawn_wherever_it_lies(shipped: Dataset) -> None:
    steep = [choice("vertebrae", "none", PRIMARY, (7.0, -2.0, 16.0)), choice("vertebrae", "sex", "ml", (8.0, 1.0, 9.0))]
    above, _ = specification_figure(of(shipped, specifications=steep), "en").canvas.axes
    drawn = {float(y) for line in above.lines if line.get_marker() == "o" for y in np.asarray(line.get_ydata())}
    assert {y for y in drawn if not math.isnan(y)} == {7.0}
    assert above.get_ylim()[1] > 7.0
    models = leak_models(of(shipped, estimates=[replace(steep[0].slope, estimate=7.0)]), "en").canvas.axes[0]
    assert models.get_xlim()[1] > math.exp(7.0)


def test_the_specification_curve_is_sound(shipped: Dataset, studies: dict[str, Dataset], seen: Seen) -> None:
    found = specification_curve(shipped.rows)
    assert_sound(
        lambda language: specification_figure(of(shipped, specifications=found), language),
        seen,
    )
    assert_sound(
        lambda language: specification_figure(of(studies["plain"], specifications=CHOICES), language),
        seen,
    )
    reasons = ("not_converged", "too_few_clusters", "quasi_complete_separation")
    several = [choice("vertebrae", "age", "mixed", (NAN, NAN, NAN), reason) for reason in reasons]
    assert_sound(
        lambda language: specification_figure(of(studies["plain"], specifications=[*CHOICES, *several]), language),
        seen,
    )
    failed = [choice("vertebrae", "none", name, (NAN, NAN, NAN), "one_outcome") for name in ("ml", PRIMARY)]
    figure = specification_figure(of(shipped, specifications=failed), "es")
    assert faults(figure, seen(figure)) == []


# -- spline ------------------------------------------------------------------------------------------------------


def test_the_spline_and_the_line_are_those_of_the_library(book: str, studies: dict[str, Dataset]) -> None:
    figure = spline_figure(of(studies[book], identified=None), "en")
    design = leak_design(studies[book].rows)
    (axes,) = figure.canvas.axes
    # Between the ends as printed, which are single vertebrae's.
    low, high = as_printed([design.x[:, 1].min(), design.x[:, 1].max()], 1)
    fill = np.linspace(low, high, 101)
    expected = {"spline": assumptions.curve(design, fill), "ml": risk_curve(design, log_odds(design, "ml"), fill)}
    for (model, curve), style in zip(expected.items(), ("-", "--"), strict=True):
        rows = figure.data[figure.data["shown"] == model]
        for column in ("fill_percent", "risk", "ci_low", "ci_high"):
            assert rows[column].tolist() == curve[column].tolist()
        (line,) = [line for line in axes.lines if line.get_linestyle() == style]
        assert np.asarray(line.get_ydata()).tolist() == (100 * curve["risk"]).tolist()
    assert tuple(figure.data.loc[figure.data["shown"] == "knot", "fill_percent"]) == assumptions.knots(design)
    (dotted,) = [lines for lines in axes.collections if isinstance(lines, LineCollection)]
    assert [float(np.asarray(s)[0, 0]) for s in dotted.get_segments()] == as_printed(
        assumptions.knots(design), 1
    ).tolist()
    legend = axes.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    p = labels.p_value(assumptions.fit(design)[-1].p_value, "en")
    assert f"Restricted cubic spline – p of curvature, as if vertebrae\nwere independent: {p}" in words
    assert "95% interval at each fill ratio, patients as clusters" in words


def test_the_spline_is_sound_and_tells_why_there_is_none(
    shipped: Dataset, leaking: Callable[..., Dataset], seen: Seen
) -> None:
    assert_sound(lambda language: spline_figure(of(shipped, identified=None), language), seen)
    figure = spline_figure(of(leaking(0), identified=None), "en")
    assert faults(figure, seen(figure)) == []
    legend = figure.canvas.axes[0].get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    assert "Restricted cubic spline – the outcome does not vary" in words

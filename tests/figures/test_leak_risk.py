from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.markers import CARETLEFT, CARETRIGHT

from tests.figures.layout import Seen, assert_sound, faults
from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.figures import calibration, leak_models, risk_curve, spline_figure, write
from vpresearch.regression import validation
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import PRIMARY, fit_models, leak_design
from vpresearch.regression.risk import log_odds
from vpresearch.regression.risk import risk_curve as library_curve
from vpresearch.render import labels
from vpresearch.render.figure import COLOURS, as_printed

INF = math.inf


def slope(model: str, estimate: float, low: float, high: float, **rest: str) -> Estimate:
    given = {"outcome": "leak", "term": "fill_percent", "unit": "", **rest}
    return Estimate(model, **given, estimate=estimate, ci_low=low, ci_high=high, ci_kind="t(25)", p_value=0.4)  # type: ignore[arg-type]


@pytest.fixture
def estimates() -> list[Estimate]:
    nan = math.nan
    return [
        slope("ml", 0.05, -0.08, 0.2),
        slope("ml", -1.5, -3.0, 0.1, term="intercept"),
        slope(PRIMARY, 0.06, -0.1, 0.23),
        slope("firth", nan, nan, nan, reason="not_converged"),
        slope("exact", 0.9, 0.04, INF, reason="complete_separation"),
        slope("bootstrap", -0.2, -INF, 0.1),
        slope("spline", 0.4, 0.1, 0.7),
        slope("ordinal", 0.04, -0.09, 0.17, outcome="leak_severity"),
    ]


def row_of(axes: Axes, model: str) -> int:
    """Place of a model's row."""
    return [label.get_text() for label in axes.get_yticklabels()].index(labels.text(f"model.{model}", "en"))


def lines_of(axes: Axes, model: str, *markers: object) -> list[tuple[np.ndarray, str]]:
    """What is drawn with such a marker in a model's row: places along the axis, and colour."""
    found = [line for line in axes.lines if line.get_marker() in markers and len(np.asarray(line.get_xdata()))]
    place = row_of(axes, model)
    return [
        (np.asarray(line.get_xdata(), float), to_hex(str(line.get_color())).upper())
        for line in found
        if (np.asarray(line.get_ydata()) == place).all()
    ]


def test_the_odds_ratios_of_the_leak_are_drawn_the_primary_on_top(estimates: list[Estimate], shipped: Dataset) -> None:
    figure = leak_models(of(shipped, estimates=estimates, identified=None), "en")
    data = figure.data.set_index("model")
    assert list(data.index) == [PRIMARY, "ml", "firth", "exact", "bootstrap", "ordinal"]
    found = [data.loc["ml", column] for column in ("odds_ratio", "ci_low", "ci_high")]
    assert found == np.exp([0.05, -0.08, 0.2]).tolist()
    assert data.loc["ordinal", "outcome"] == "leak_severity"
    (axes,) = figure.canvas.axes
    assert axes.get_xscale() == "log"
    assert axes.yaxis_inverted()
    ((place, colour),) = lines_of(axes, PRIMARY, "D")
    assert (place.tolist(), colour) == ([math.exp(0.06)], COLOURS["yes"])
    ((place, colour),) = lines_of(axes, "ml", "o")
    assert (place.tolist(), colour) == ([math.exp(0.05)], COLOURS["no"])
    ((ends, _),) = lines_of(axes, "ml", "None")
    assert ends.tolist() == np.exp([-0.08, 0.2]).tolist()
    assert [label.get_text() for label in axes.get_yticklabels() if label.get_fontweight() == "bold"] == [
        labels.text(f"model.{PRIMARY}", "en")
    ]
    assert "1.06 (0.90 to 1.26)" in [text.get_text() for text in axes.texts]


def test_a_failed_fit_has_its_reason_in_the_place_of_a_point(estimates: list[Estimate], shipped: Dataset) -> None:
    (axes,) = leak_models(of(shipped, estimates=estimates, identified=None), "en").canvas.axes
    assert lines_of(axes, "firth", "o", "D", "None") == []
    (words,) = [text.get_text() for text in axes.texts if text.get_position()[1] == row_of(axes, "firth")]
    assert words == "the fit did not converge"


def test_a_number_beside_a_reason_is_hollow_and_the_legend_tells_why(
    estimates: list[Estimate], shipped: Dataset
) -> None:
    (axes,) = leak_models(of(shipped, estimates=estimates, identified=None), "en").canvas.axes
    faces = {
        model: str(line.get_markerfacecolor())
        for model in ("ml", "exact")
        for line in axes.lines
        if line.get_marker() == "o" and np.asarray(line.get_ydata()).tolist() == [row_of(axes, model)]
    }
    assert faces == {"ml": COLOURS["no"], "exact": "white"}
    arrows = {str(line.get_markerfacecolor()) for line in axes.lines if line.get_marker() == CARETRIGHT}
    assert arrows == {"white"}
    words = [text.get_text() for text in axes.get_legend().get_texts()]  # type: ignore[union-attr]
    assert "hollow: complete separation: the likelihood alone gives no finite estimate" in words
    plain = leak_models(
        of(shipped, estimates=[each for each in estimates if each.model != "exact"], identified=None), "en"
    ).canvas.axes[0]
    words = [text.get_text() for text in plain.get_legend().get_texts()]  # type: ignore[union-attr]
    assert not [each for each in words if each.startswith("hollow")]


def test_a_limit_is_infinite_only_where_it_is(shipped: Dataset) -> None:
    found = [slope("ml", 15.0, 2.0, 1451.0), slope("exact", 0.9, 0.04, INF)]
    (axes,) = leak_models(of(shipped, estimates=found, identified=None), "en").canvas.axes
    assert {"> 1,000 (7.39 to > 1,000)", "2.46 (1.04 to ∞)"} <= {text.get_text() for text in axes.texts}


def test_ticks_differ_however_little_there_is_to_show(shipped: Dataset) -> None:
    narrow = [slope("ml", 0.001, -0.002, 0.003)]
    failed = [slope("ml", math.nan, math.nan, math.nan, reason="one_outcome")]
    for found in (narrow, failed):
        figure = leak_models(of(shipped, estimates=found, identified=None), "en")
        figure.canvas.draw_without_rendering()
        (axes,) = figure.canvas.axes
        left, right = axes.get_xlim()
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        words = [label.get_text() for place, label in ticks if left <= place <= right]
        assert len(words) == len(set(words)) > 1


def test_an_end_beyond_the_axis_is_an_arrow_at_its_edge(estimates: list[Estimate], shipped: Dataset) -> None:
    (axes,) = leak_models(of(shipped, estimates=estimates, identified=None), "en").canvas.axes
    left, right = axes.get_xlim()
    assert [place.tolist() for place, _ in lines_of(axes, "exact", CARETRIGHT)] == [[right]]
    assert lines_of(axes, "exact", CARETLEFT) == []
    assert [place.tolist() for place, _ in lines_of(axes, "bootstrap", CARETLEFT)] == [[left]]
    assert lines_of(axes, "ml", CARETLEFT, CARETRIGHT) == []
    ((ends, _),) = lines_of(axes, "exact", "None")
    assert ends.tolist() == [math.exp(0.04), right]
    assert {"2.46 (1.04 to ∞)", "0.82 (0.00 to 1.11)"} <= {text.get_text() for text in axes.texts}


def test_a_huge_interval_leaves_room_for_the_others(estimates: list[Estimate], shipped: Dataset, seen: Seen) -> None:
    figure = leak_models(of(shipped, estimates=[*estimates, slope("mixed", 2.0, -600.0, 600.0)], identified=None), "es")
    (axes,) = figure.canvas.axes
    left, right = axes.get_xlim()
    assert 1 / 40 < left < 1 / 20
    assert 20 < right < 40
    assert "7,39 (< 0,01 a > 1.000)" in [text.get_text() for text in axes.texts]
    assert faults(figure, seen(figure)) == []


def test_what_the_printed_numbers_allow_is_a_band(estimates: list[Estimate], shipped: Dataset) -> None:
    figure = leak_models(of(shipped, estimates=estimates, identified=(-0.004, 0.134)), "es")
    (axes,) = figure.canvas.axes
    (band,) = axes.patches
    left, right = band.get_window_extent().transformed(axes.transData.inverted()).intervalx
    assert [left, right] == pytest.approx(np.exp([-0.004, 0.134]))
    assert set(figure.data["witnessed_least"]) == {float(np.exp(-0.004))}
    assert set(figure.data["witnessed_greatest"]) == {float(np.exp(0.134))}
    legend = axes.get_legend()
    assert legend is not None
    assert any(text.get_text().endswith("de 0,996 a 1,143") for text in legend.get_texts())
    without = leak_models(of(shipped, estimates=estimates, identified=None), "es")
    assert not without.canvas.axes[0].patches
    assert "witnessed_least" not in without.data


def test_every_figure_is_sound_in_both_languages(
    shipped: Dataset, studies: dict[str, Dataset], estimates: list[Estimate], seen: Seen
) -> None:
    found, range_of_slopes = fit_models(shipped.rows), (-0.004, 0.134)
    assert_sound(lambda language: leak_models(of(shipped, estimates=found, identified=range_of_slopes), language), seen)
    assert_sound(
        lambda language: leak_models(of(studies["plain"], estimates=estimates, identified=None), language), seen
    )
    assert_sound(lambda language: risk_curve(of(shipped, identified=range_of_slopes), language), seen)
    assert_sound(lambda language: risk_curve(of(studies["plain"], identified=None), language), seen)
    assert_sound(lambda language: calibration(of(shipped, identified=None), language), seen)


def test_no_fit_at_all_can_be_drawn(estimates: list[Estimate], shipped: Dataset, seen: Seen) -> None:
    nan = math.nan
    failed = [replace(each, estimate=nan, ci_low=nan, ci_high=nan, reason="complete_separation") for each in estimates]
    figure = leak_models(of(shipped, estimates=failed, identified=None), "es")
    assert faults(figure, seen(figure)) == []
    low, high = figure.canvas.axes[0].get_xlim()
    assert low < 1 < high


# -- the curve ---------------------------------------------------------------------------------------------------


def test_the_curves_are_those_of_the_library(shipped: Dataset) -> None:
    figure = risk_curve(of(shipped, identified=None), "en")
    design = leak_design(shipped.rows)
    (axes,) = figure.canvas.axes
    # Between the ends as printed, which are single vertebrae's.
    low, high = as_printed([design.x[:, 1].min(), design.x[:, 1].max()], 1)
    fill = np.linspace(low, high, 101)
    for model, style in ((PRIMARY, "-"), ("flic", "--")):
        expected = library_curve(design, log_odds(design, model), fill)
        rows = figure.data[figure.data["shown"] == model]
        for column in ("fill_percent", "risk", "ci_low", "ci_high"):
            assert rows[column].tolist() == expected[column].tolist()
        (line,) = [line for line in axes.lines if line.get_linestyle() == style]
        assert np.asarray(line.get_ydata()).tolist() == (100 * expected["risk"]).tolist()
    others, band = (np.asarray(each.get_paths()[0].vertices, float) for each in axes.collections)
    free = figure.data[figure.data["shown"] == "reconstructions"]
    assert [others[:, 1].min(), others[:, 1].max()] == pytest.approx(
        [100 * free["ci_low"].min(), 100 * free["ci_high"].max()]
    )
    first = figure.data[figure.data["shown"] == PRIMARY]
    assert band[:, 1].max() == pytest.approx(100 * first["ci_high"].max())
    assert band[:, 1].min() == pytest.approx(100 * first["ci_low"].min())
    legend = axes.get_legend()
    assert legend is not None
    assert any("95%" in text.get_text() for text in legend.get_texts())


def test_every_vertebra_is_on_the_rug_leaks_above(book: str, studies: dict[str, Dataset], tmp_path: Path) -> None:
    figure = risk_curve(of(studies[book], identified=None), "es")
    rows = studies[book].rows
    (axes,) = figure.canvas.axes
    leaks, others = (line for line in axes.lines if line.get_marker() == "|")
    for line, group, side in ((leaks, "yes", 100), (others, "no", 0)):
        own = as_printed(rows.loc[rows["leak"] == group, "fill_percent"], 1)
        assert sorted(np.asarray(line.get_xdata(), float)) == sorted(own)
        height = set(np.asarray(line.get_ydata(), float))
        assert all(y > side if group == "yes" else y < side for y in height)
    single = figure.data[figure.data["shown"] == "vertebra"]
    # Sorted, so that no row can be told by its place in the file.
    assert single["fill_percent"].tolist() == [
        fill for _, part in rows.groupby("leak") for fill in sorted(part["fill_percent"])
    ]
    assert figure.row_level
    write(figure, tmp_path / "figures")
    assert (tmp_path / "private" / "risk_curve.csv").exists()


@pytest.mark.parametrize("leaks", [0, 5])
def test_without_a_curve_its_name_tells_why(leaks: int, leaking: Callable[..., Dataset], seen: Seen) -> None:
    study = leaking(leaks)
    for figure in (risk_curve(of(study, identified=None), "en"), calibration(of(study, identified=None), "en")):
        assert faults(figure, seen(figure)) == []
    (axes,) = risk_curve(of(study, identified=None), "en").canvas.axes
    legend = axes.get_legend()
    assert legend is not None
    words = [text.get_text() for text in legend.get_texts()]
    assert "GEE, Kauermann-Carroll covariance – the outcome does not vary" in words
    assert [np.isnan(np.asarray(line.get_ydata(), float)).all() for line in axes.lines[:2]] == [True, True]


def test_separated_leaks_leave_figures_that_are_sound_and_say_so(shipped: Dataset, seen: Seen) -> None:
    vertebrae = shipped.vertebrae.copy()
    vertebrae["leak"] = np.where(vertebrae["fill_percent"] > 9, "yes", "no")
    # One fill with both outcomes: the longest of the reasons.
    first, second = vertebrae.sort_values("fill_percent").query("fill_percent > 9").index[:2]
    vertebrae.loc[first, "leak"], vertebrae.loc[second, "fill_percent"] = "no", vertebrae.loc[first, "fill_percent"]
    study = replace(shipped, vertebrae=vertebrae)
    results, drawn = of(study, identified=None), (risk_curve, calibration, spline_figure)
    for draw in drawn:
        assert_sound(lambda language, draw=draw: draw(results, language), seen)  # type: ignore[misc]
        told = [text.get_text() for text in seen(draw(results, "en"))]
        assert any("quasi-complete separation" in words for words in told)
    curve = risk_curve(of(study, identified=None), "en")
    (axes,) = curve.canvas.axes
    assert [line.get_linestyle() for line in axes.lines[:2]] == ["None", "None"]
    # What other reconstructions give stays.
    assert [each.get_label() for each in axes.collections] == ["least and greatest risk over the reconstructions"]


# -- calibration -------------------------------------------------------------------------------------------------


def test_the_groups_are_those_of_the_library(book: str, studies: dict[str, Dataset]) -> None:
    figure = calibration(of(studies[book], identified=None), "en")
    expected = validation.calibration(leak_design(studies[book].rows))
    assert figure.data.equals(expected)
    (axes,) = figure.canvas.axes
    ideal, points = (line for line in axes.lines if line.get_marker() in ("None", "o"))
    assert np.asarray(ideal.get_xdata()).tolist() == np.asarray(ideal.get_ydata()).tolist() == [0, 100]
    assert np.asarray(points.get_xdata()).tolist() == (100 * as_printed(expected["predicted"], 3)).tolist()
    assert np.asarray(points.get_ydata()).tolist() == (100 * as_printed(expected["observed"], 3)).tolist()
    counts = [f"{events}/{n}" for events, n in zip(expected["events"], expected["n"], strict=True)]
    assert [text.get_text() for text in axes.texts] == counts
    (bars,) = axes.collections
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])  # type: ignore[attr-defined]
    known = expected["ci_low"].notna().to_numpy()
    assert ends[known] == pytest.approx(100 * as_printed(expected.loc[known, ["ci_low", "ci_high"]], 3))
    assert (np.ptp(ends[~known], axis=1) == 0).all()


def test_a_model_that_cannot_be_fitted_has_no_group(leaking: Callable[..., Dataset]) -> None:
    figure = calibration(of(leaking(0), identified=None), "es")
    assert figure.data.empty
    (axes,) = figure.canvas.axes
    assert [text.get_text() for text in axes.texts] == ["el desenlace no varía"]

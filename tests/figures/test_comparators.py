from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from tests.figures.layout import Seen, assert_sound, faults
from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.figures import comparators_figure
from vpresearch.published.comparators import Comparison, compare, read_comparators
from vpresearch.regression.models import leak_design
from vpresearch.regression.precision import clopper_pearson, korn_graubard
from vpresearch.render import labels
from vpresearch.render.figure import COLOURS, as_printed


@pytest.fixture(scope="module")
def comparisons() -> tuple[Comparison, ...]:
    return compare(15, 41, read_comparators())


def names(axes: Axes) -> list[str]:
    return [label.get_text() for label in axes.get_yticklabels()]


def point(axes: Axes, start: str) -> Line2D:
    """Marker of the row whose name starts so."""
    (place,) = [place for place, name in enumerate(names(axes)) if name.startswith(start)]
    (found,) = [
        line for line in axes.lines if np.asarray(line.get_ydata()).tolist() == [place] and line.get_markersize() == 7.5
    ]
    return found


def test_the_study_comes_first_with_both_intervals(comparisons: tuple[Comparison, ...], shipped: Dataset) -> None:
    figure = comparators_figure(of(shipped, series=comparisons), "en")
    exact, clustered = clopper_pearson(15, 41), korn_graubard(leak_design(shipped.rows))
    first, second = figure.data[["percent", "ci_low", "ci_high"]].to_numpy(float)[:2].tolist()
    assert first == [100 * 15 / 41, *exact]
    assert second == [100 * 15 / 41, clustered.low, clustered.high]
    assert clustered.low < exact[0]
    (axes,) = figure.canvas.axes
    assert names(axes)[:2] == ["This study: 15/41 vertebrae", "allowing for vertebrae of one patient"]
    spans = [np.asarray(line.get_xdata()).tolist() for line in axes.lines if line.get_marker() == "None"]
    assert spans[:2] == [as_printed(ends, 1).tolist() for ends in (first[1:], second[1:])]
    (band,) = axes.patches
    assert band.get_window_extent().transformed(axes.transData.inverted()).intervalx.tolist() == pytest.approx(exact)


@pytest.mark.parametrize(("published", "means", "mark"), [(True, "CT", "o"), (False, "unknown", "D")])
def test_by_what_means_leaks_were_found_is_known_of_the_papers_own_study_alone(
    comparisons: tuple[Comparison, ...], shipped: Dataset, means: str, mark: str, *, published: bool
) -> None:
    figure = comparators_figure(of(shipped, series=comparisons, published=published), "en")
    assert list(figure.data["detection"][:2]) == [means] * 2
    assert point(figure.canvas.axes[0], "This study").get_marker() == mark


def test_every_series_is_drawn_by_role_and_rate(comparisons: tuple[Comparison, ...], shipped: Dataset) -> None:
    figure = comparators_figure(of(shipped, series=comparisons), "en")
    data = figure.data.iloc[2:]
    assert sorted(data["study"]) == sorted(each.comparator.study for each in comparisons)
    assert list(dict.fromkeys(data["role"])) == ["cited_by_paper", "added"]
    for _, part in data.groupby("role"):
        assert part["percent"].is_monotonic_decreasing
    (axes,) = figure.canvas.axes
    bold = [label.get_text() for label in axes.get_yticklabels() if label.get_fontweight() == "bold"]
    assert bold == ["This study: 15/41 vertebrae", "Cited by the paper", "Added"]
    assert len(names(axes)) == len(figure.data) + 2
    for each, place in zip(data["percent"], (*range(3, 9), *range(10, 19)), strict=True):
        shown = [line for line in axes.lines if np.asarray(line.get_ydata()).tolist() == [place]]
        assert [np.asarray(line.get_xdata()).tolist() for line in shown] == [[each]]


@pytest.mark.parametrize(
    ("start", "marker", "hollow"),
    [
        ("Venmans 2011", "o", False),
        ("Tomé-Bermejo 2014", "o", True),
        ("Acta Radiol 2012 (Mayo), procedure", "^", False),
        ("BMC Surg 2023", "D", False),
        ("Zhu 2016", "D", False),
    ],
)
def test_the_marker_tells_how_leaks_were_found_and_who_read_it(
    comparisons: tuple[Comparison, ...], shipped: Dataset, start: str, marker: str, hollow: bool
) -> None:
    (axes,) = comparators_figure(of(shipped, series=comparisons), "en").canvas.axes
    found = point(axes, start)
    assert found.get_marker() == marker
    assert found.get_markerfacecolor() == ("white" if hollow else COLOURS["no"])


def test_the_name_says_what_was_counted_and_the_number_is_as_precise_as_printed(
    comparisons: tuple[Comparison, ...], shipped: Dataset
) -> None:
    (axes,) = comparators_figure(of(shipped, series=comparisons), "en").canvas.axes
    shown = dict(zip([name for name in names(axes) if ":" in name], range(99), strict=False))
    assert {
        "Álvarez 2005: unit not stated",
        "Tomé-Bermejo 2014: n = 272 vertebrae",
        "Mousavi 2003: vertebrae",
        "Venmans 2011 (VERTOS II): 64/80 vertebrae",
        "Gao 2022, paravertebral vein: 59/585 vertebrae",
        "Saad 2022: 75/211 procedures",
    } <= set(shown)
    texts = {text.get_text() for text in axes.texts}
    assert {"88", "87.9", "80.0 (69.6 to 88.1)", "36.6 (22.1 to 53.1)"} <= texts


def test_a_series_of_a_reader_keeps_its_own_words(comparisons: tuple[Comparison, ...], shipped: Dataset) -> None:
    added = replace(comparisons[0], comparator=replace(comparisons[0].comparator, study="Nadie 2031, glue"))
    (axes,) = comparators_figure(of(shipped, series=[added]), "es").canvas.axes
    assert "Nadie 2031, glue: unidad no indicada" in names(axes)


def test_every_part_of_a_study_has_a_name_in_both_languages(comparisons: tuple[Comparison, ...]) -> None:
    parts = {each.comparator.study.partition(", ")[2] for each in comparisons} - {""}
    assert len(parts) > 4
    for part in parts:
        for language in labels.LANGUAGES:
            assert labels.text(f"series.{part}", language)


def test_it_is_sound_in_both_languages(
    comparisons: tuple[Comparison, ...], shipped: Dataset, studies: dict[str, Dataset], seen: Seen
) -> None:
    assert_sound(lambda language: comparators_figure(of(shipped, series=comparisons), language), seen)
    assert_sound(lambda language: comparators_figure(of(studies["plain"], series=comparisons), language), seen)


@pytest.mark.parametrize("leaks", [0, 5])
def test_one_outcome_has_its_reason_in_the_second_row(
    comparisons: tuple[Comparison, ...], leaks: int, leaking: Callable[..., Dataset], seen: Seen
) -> None:
    figure = comparators_figure(of(leaking(leaks), series=comparisons), "en")
    assert faults(figure, seen(figure)) == []
    assert math.isnan(figure.data["ci_low"].iloc[1])
    (axes,) = figure.canvas.axes
    words = [text.get_text() for text in axes.texts if text.get_position()[1] == 1]
    assert words == ["the outcome does not vary"]
    assert [line for line in axes.lines if np.asarray(line.get_ydata()).tolist() in ([1], [1, 1])] == []

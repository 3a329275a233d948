from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.container import ErrorbarContainer

from vpresearch import tables
from vpresearch.data import Dataset
from vpresearch.figures import leak_kinds, outcome, volumes
from vpresearch.figures.behind import _places
from vpresearch.inference.describe import summarise
from vpresearch.render.figure import as_printed
from vpresearch.results import Results


def points(axes: Axes) -> list[list[tuple[float, float]]]:
    """Drawn points by group."""
    clouds = [cloud for cloud in axes.collections if isinstance(cloud, PathCollection)]
    return [[(float(x), float(y)) for x, y in np.asarray(cloud.get_offsets())] for cloud in clouds]


def test_every_vertebra_is_drawn_once_in_its_group(book: str, studies: dict[str, Dataset]) -> None:
    vertebrae = studies[book].vertebrae
    figure = volumes(Results(studies[book]), "es")
    assert figure.row_level
    columns = ["leak", "vertebral_volume_cc", "cement_volume_cc"]
    assert list(figure.data) == columns
    # Sorted, so that no row can be told by its place in the file.
    assert figure.data.equals(figure.data.sort_values(columns, ignore_index=True))
    for axes, column in zip(figure.canvas.axes, columns[1:], strict=True):
        groups = [vertebrae.loc[vertebrae["leak"] == group, column] for group in ("no", "yes")]
        means = [
            float(np.asarray(line.get_segments())[0, 0, 1])
            for line in axes.collections
            if isinstance(line, LineCollection)
        ]
        decimals = {"vertebral_volume_cc": 1, "cement_volume_cc": 2}[column]
        assert means == [float(as_printed(summarise(values).mean, decimals)) for values in groups]
        for position, (cloud, values) in enumerate(zip(points(axes), groups, strict=True)):
            # By itself, so that no two panels tell of one vertebra; and no finer than printed.
            assert [y for _, y in cloud] == sorted(as_printed(values, 1))
            assert all(abs(x - position) <= 0.25 for x, _ in cloud)
            assert len(set(cloud)) == len(values)
        low, high = axes.get_ylim()
        assert low == 0
        assert high > vertebrae[column].max()
        assert [label.get_text().partition(" (")[2] for label in axes.get_xticklabels()] == [
            f"n = {len(v)})" for v in groups
        ]


def test_the_course_is_the_tables_means_and_intervals(book: str, studies: dict[str, Dataset]) -> None:
    figure = outcome(Results(studies[book]), "en")
    assert figure.data.equals(tables.outcome(Results(studies[book]), "en").data)
    assert not figure.row_level
    for axes, (scale, top) in zip(figure.canvas.axes, {"vas": 10, "odi": 100}.items(), strict=True):
        rows = figure.data[figure.data["scale"] == scale]
        (bars,) = (container for container in axes.containers if isinstance(container, ErrorbarContainer))
        line, _, (whiskers,) = bars.lines
        assert line is not None
        times = [{"pre": -1, "post": 0, "1m": 1, "1y": 12}[str(time)] for time in rows["time"]]
        assert list(np.asarray(line.get_xdata())) == times
        assert list(np.asarray(line.get_ydata())) == as_printed(rows["mean"], 1).tolist()
        ends = np.asarray(whiskers.get_segments())[:, :, 1]
        assert ends == pytest.approx(as_printed(rows[["mean_low", "mean_high"]], 1), abs=1e-9)
        assert [text.get_text() for text in axes.texts] == [f"{mean:.1f}" for mean in rows["mean"]]
        assert tuple(axes.get_ylim()) == (0, top)
        names = [label.get_text().partition("\n")[2] for label in axes.get_xticklabels()]
        assert names == [f"n = {n}" for n in rows["n"]]


def test_a_line_joins_the_means_of_the_same_patients_alone(studies: dict[str, Dataset]) -> None:
    study = studies["plain"]
    patients = study.patients.copy()
    times = ["vas_pre", "vas_post", "vas_1m", "vas_1y"]
    patients[times] = 5.0
    patients.loc[patients.index[0], ["vas_post", "vas_1m"]] = math.nan
    patients.loc[patients.index[1], "vas_1y"] = math.nan
    axes = outcome(Results(replace(study, patients=patients)), "en").canvas.axes[0]
    joined = [np.asarray(line.get_xdata()).tolist() for line in axes.lines if line.get_linestyle() == "-"]
    assert joined == [[0, 1]]


def test_times_stand_by_month_or_evenly_where_they_would_stand_on_one_another() -> None:
    assert _places(["1y", "pre", "post", "1m"]) == ({"pre": -1, "post": 0, "1m": 1, "1y": 12}, True)
    for times in (["pre", "1m", "6w", "1y"], ["pre", "post", "1m", "2y"]):
        assert _places(reversed(times)) == ({time: place for place, time in enumerate(times)}, False)


def test_the_map_of_leaks_is_the_table(book: str, studies: dict[str, Dataset]) -> None:
    figure = leak_kinds(Results(studies[book]), "en")
    table = tables.leak_kinds(Results(studies[book]), "en")
    assert figure.data.equals(table.data)
    (axes,) = figure.canvas.axes
    assert [text.get_text() for text in axes.texts] == [str(n) for n in table.data["n"]]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(table.shown["Leak site"])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Punctate", "Moderate", "Massive"]


def test_a_group_without_a_vertebra_has_no_points(leaking: Callable[..., Dataset]) -> None:
    for leaks in (0, 5):
        for axes in volumes(Results(leaking(leaks)), "es").canvas.axes:
            assert [len(cloud) for cloud in points(axes)] == [5 - leaks, leaks]

from __future__ import annotations

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.patches import Wedge

from vpresearch.data import Dataset
from vpresearch.figures import Figure, figure1, figure2
from vpresearch.inference.describe import proportion
from vpresearch.render.figure import COLOURS, SITE_COLOURS
from vpresearch.results import Results

COLUMNS = ["n", "of", "percent", "low", "high"]


def assert_shares(figure: Figure, counts: dict[str, int], whole: int) -> None:
    """Compare the plotted shares with the library's, digit by digit, and what is drawn with them."""
    column, *others = figure.data
    assert others == COLUMNS
    assert figure.data[column].tolist() == list(counts)
    for row, n in zip(figure.data[COLUMNS].to_numpy().tolist(), counts.values(), strict=True):
        share = proportion(n, whole)
        assert row == [n, whole, share.percent, share.low, share.high]
    left, right = figure.canvas.axes
    assert turns(left) == pytest.approx([n / whole for n in counts.values()], abs=1e-6)
    bars = next(container for container in right.containers if isinstance(container, BarContainer))
    assert [bar.get_width() for bar in bars] == figure.data["percent"].tolist()
    assert [label.get_text().rpartition(" (n = ")[2] for label in right.get_yticklabels()] == [
        f"{n})" for n in counts.values()
    ]
    assert tuple(right.get_xlim()) == (0, 100)


def turns(axes: Axes) -> list[float]:
    """Share of the circle by wedge."""
    return [(wedge.theta2 - wedge.theta1) / 360 for wedge in axes.patches if isinstance(wedge, Wedge)]


def colours(figure: Figure) -> list[str]:
    return [to_hex(wedge.get_facecolor()).upper() for wedge in figure.canvas.axes[0].patches]


def test_figure_1_shows_the_vertebrae_by_leak(book: str, studies: dict[str, Dataset]) -> None:
    vertebrae = studies[book].vertebrae
    figure = figure1(Results(studies[book]), "es")
    counts = vertebrae["leak"].value_counts()
    assert_shares(figure, {group: int(counts[group]) for group in ("no", "yes")}, len(vertebrae))
    assert colours(figure) == [COLOURS["no"], COLOURS["yes"]]
    assert figure.caption.endswith(f"(n = {len(vertebrae)})")


def test_figure_2_shows_the_leaks_by_site_most_frequent_first(book: str, studies: dict[str, Dataset]) -> None:
    figure = figure2(Results(studies[book]), "es")
    sites = studies[book].vertebrae["leak_site"].value_counts()
    order = ["posterior", "lateral", "anterior", "vascular", "disc"]
    ranked = sorted((site for site in order if sites.get(site, 0)), key=lambda site: -sites[site])
    assert_shares(figure, {site: int(sites[site]) for site in ranked}, int(sites.sum()))
    # A site keeps its colour, whatever its rank.
    assert colours(figure) == [SITE_COLOURS[site] for site in ranked]
    assert figure.caption.endswith(f"(n = {sites.sum()})")


def test_figures_1_and_2_print_the_papers_numbers(shipped: Dataset) -> None:
    pie = [text.get_text() for text in figure1(Results(shipped), "es").canvas.axes[0].texts]
    assert [text for text in pie if text] == ["Sin fuga\n63%", "Con fuga\n37%"]
    bars = figure2(Results(shipped), "es").canvas.axes[1]
    assert [label.get_text() for label in bars.get_yticklabels()] == [
        "Vascular (n = 8)",
        "Disco (n = 5)",
        "Posterior (n = 2)",
    ]
    assert bars.yaxis_inverted()

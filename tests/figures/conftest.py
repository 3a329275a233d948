from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.text import Annotation, Text

from tests.parts import of
from vpresearch import figures
from vpresearch.audit import Check, audit
from vpresearch.data import Dataset, load
from vpresearch.figures import Figure
from vpresearch.published import Paper
from vpresearch.results import Results


@pytest.fixture(params=["figure1", "figure2", "leak_kinds", "outcome", "volumes", "audit_p"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["es", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def checks(paper: Paper) -> list[Check]:
    """The audit of a few of the paper's claims; all of them take long."""
    places = ("vas_1m", "table3.vertebrae", "table3.vertebral", "table1", "vas_1y")
    few = tuple(claim for claim in paper.claims if any(place in claim.id for place in places))
    return audit(replace(paper, claims=few))


@pytest.fixture(scope="session")
def draw_anew(checks: list[Check]) -> Callable[[str, Dataset, str], Figure]:
    """Draw a figure of the compendium by its name."""
    kept: dict[tuple[str, bool], Results] = {}

    def draw(name: str, dataset: Dataset, language: str) -> Figure:
        if name == "audit_p":
            return figures.audit_p(checks, language)
        # Fits take time, and a file's digest tells its results.
        results = kept.setdefault((dataset.sha256, dataset.reconstruction), of(dataset, identified=None))
        return figures.FIGURES[name](results, language)

    return draw


@pytest.fixture(scope="session")
def draw(draw_anew: Callable[[str, Dataset, str], Figure]) -> Callable[[str, Dataset, str], Figure]:
    """Draw a figure of the compendium, or take the one that a test has drawn before."""
    kept: dict[tuple[str, str, bool, str], Figure] = {}

    def draw(name: str, dataset: Dataset, language: str) -> Figure:
        key = (name, dataset.sha256, dataset.reconstruction, language)
        if key not in kept:
            kept[key] = draw_anew(name, dataset, language)
        return kept[key]

    return draw


@pytest.fixture
def leaking(rows: list[dict[str, str]], write: Callable[..., Path]) -> Callable[..., Dataset]:
    """Make a study of so many vertebrae, of which the first ones leak into the disc."""

    def leaking(leaks: int, vertebrae: int = 5) -> Dataset:
        many = []
        for position in range(vertebrae):
            row = dict(rows[position % len(rows)])
            row["patient_id"] += f"-{position // len(rows)}"
            row["leak"] = "yes" if position < leaks else "no"
            row["leak_site"], row["leak_size"] = ("disc", "massive") if position < leaks else ("", "")
            many.append(row)
        return load(write(many))

    return leaking


@pytest.fixture(scope="session")
def seen() -> Callable[[Figure], list[Text]]:
    """Collect the texts of a figure that are drawn, those without words left out."""

    def seen(figure: Figure) -> list[Text]:
        figure.canvas.draw_without_rendering()
        hidden = set()
        for axes in figure.canvas.axes:
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = zip(axis.get_major_ticks(), axis.get_majorticklocs(), strict=True)
                # matplotlib keeps a tick beyond the end of the axis, and does not draw it.
                hidden |= {tick.label1 for tick, place in ticks if not low - 1e-9 <= place <= high + 1e-9}
                hidden |= {tick.label2 for tick in axis.get_major_ticks()}
            if not axes.axison:
                hidden |= set(axes.findobj(Text))
            for text in axes.texts:
                # Nor does it draw a note on a point beyond the axes.
                point = axes.transData.transform(text.xy) if isinstance(text, Annotation) else axes.bbox.p0
                if not axes.bbox.padded(1).contains(*point):
                    hidden.add(text)
        texts = [text for text in figure.canvas.findobj(Text) if isinstance(text, Text) and text not in hidden]
        return [text for text in texts if text.get_visible() and text.get_text().strip()]

    return seen

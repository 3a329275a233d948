"""Every page as a browser shows it: nothing pans sideways, and axe-core finds nothing serious."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib import image
from playwright.sync_api import Browser

from tests.explore.browser import browser
from vpresearch.cli import main
from vpresearch.core.paths import ROOT

pytestmark = pytest.mark.long
_WIDTHS = (1280, 390)
# `npm pack axe-core` puts it there; a reader of pages needs none of it.
_AXE = ROOT / "build" / "axe-core" / "package" / "axe.min.js"
_SERIOUS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(({impact}) => ["serious", "critical"].includes(impact))
    .map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target.join(" ")).join(", ")}`)"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module", params=["es", "en"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out: Path = tmp_path_factory.mktemp(request.param)
    assert main(["reproduce", "--language", request.param, "--out", str(out)]) == 0
    rooms = [out / "review", out / "notebooks", out / "report" / request.param]
    return [path for room in rooms for path in sorted(room.glob("*.html"))]


def seen(opened: Browser, written: list[Path], width: int, ask: str, script: str = "") -> dict[str, Any]:
    page = opened.new_page(viewport={"width": width, "height": 800})
    told = {}
    for path in written:
        page.goto(path.as_uri())
        if script:
            page.evaluate(script)
        told[path.name] = page.evaluate(ask)
    page.close()
    return told


@pytest.mark.parametrize("width", _WIDTHS)
def test_nothing_pans_sideways(opened: Browser, written: list[Path], width: int) -> None:
    assert len(written) == 15
    assert {name: beyond for name, beyond in seen(opened, written, width, _SIDEWAYS).items() if beyond > 0} == {}


@pytest.mark.parametrize("width", _WIDTHS)
def test_axe_finds_nothing_serious(opened: Browser, written: list[Path], width: int) -> None:
    if not _AXE.exists():
        pytest.skip("there is no axe-core to look at the pages with")
    told = seen(opened, written, width, _SERIOUS, _AXE.read_text(encoding="utf-8"))
    assert {name: faults for name, faults in told.items() if faults} == {}


def test_the_filter_leaves_the_rows_that_say_it(opened: Browser, written: list[Path]) -> None:
    page = opened.new_page()
    page.goto(next(path for path in written if path.name == "scorecard.html").as_uri())
    every = page.locator("tbody tr:visible").count()
    page.locator("input").fill("0,466" if written[0].parts[-3].startswith("es") else "0.466")
    assert 0 < page.locator("tbody tr:visible").count() < every
    assert page.locator("tbody tr").first.is_visible()
    page.close()


def test_no_figure_has_ink_at_its_edge(written: list[Path]) -> None:
    figures = sorted((written[0].parents[1] / "figures").glob("*.png"))
    assert len(figures) == 13
    for path in figures:
        drawn = image.imread(path)[..., :3].min(axis=2) < 0.98
        edges = (drawn[:3], drawn[-3:], drawn[:, :3], drawn[:, -3:])
        assert not any(edge.any() for edge in edges), path.name

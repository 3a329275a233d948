from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

from vpresearch.core.dictionary import columns
from vpresearch.core.errors import LANGUAGES
from vpresearch.data import Dataset
from vpresearch.explore.panels import dose
from vpresearch.explore.session import member, moved
from vpresearch.inference import compare_by_leak
from vpresearch.render.labels import number, p_value, text

from .browser import PATIENCE, Visitor, assert_nothing_in_the_way, es, serving, settled, visitor

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("app") as address:
        yield address


@pytest.fixture
def one(opened: Browser, address: str) -> Iterator[Visitor]:
    with visitor(opened) as one:
        one.visit(address)
        one.ready()
        yield one


# -- who may look ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong"])
def test_without_the_token_nobody_sees_the_page(address: str, query: str) -> None:
    base = address.split("?")[0]
    with urllib.request.urlopen(base + query) as answer:
        # The page asks for the token instead.
        assert "/login" in answer.url
        assert "vp-explorer" not in answer.read().decode()
    kernel = "api/kernels/00000000-0000-0000-0000-000000000000"
    for path in (kernel, "voila/files/explore.ipynb"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{base}{path}{query}")
        assert refused.value.code in {403, 404}
        refused.value.close()


def test_only_this_machine_is_listened_to(address: str) -> None:
    psutil = pytest.importorskip("psutil")
    port = int(re.search(r":(\d+)/", address)[1])  # type: ignore[index]
    listening = [each.laddr for each in psutil.net_connections("inet") if each.status == "LISTEN"]
    assert {place.ip.split(".")[0] for place in listening if place.port == port} == {"127"}


# -- kernels -----------------------------------------------------------------------------------------------------


def test_a_kernel_ends_soon_after_its_page_was_reloaded_left_or_closed(opened: Browser, address: str) -> None:
    psutil = pytest.importorskip("psutil")
    port = int(re.search(r":(\d+)/", address)[1])  # type: ignore[index]
    (server,) = {
        each.pid
        for each in psutil.net_connections("inet")
        if each.laddr and each.laddr.port == port and each.status == "LISTEN"
    }

    def kernels() -> set[int]:
        below = [each for child in psutil.Process(server).children() for each in child.children()]
        return {each.pid for each in below if each.is_running() and each.status() != psutil.STATUS_ZOMBIE}

    def come_to(count: int, without: set[int]) -> set[int]:
        """Wait until there are so many kernels, and one of those that were is gone."""
        limit = time.monotonic() + PATIENCE
        while len(found := kernels()) != count or (without and without <= found):
            assert time.monotonic() < limit, (found, without)
            time.sleep(0.2)
        return found

    waiting = 2
    with visitor(opened) as one:
        one.visit(address)
        one.ready()
        there = come_to(waiting + 1, set())
        one.page.reload()
        one.ready()
        there = come_to(waiting + 1, there)
        one.page.goto("about:blank")
        come_to(waiting, there)
        one.page.goto(address)
        one.ready()
        there = come_to(waiting + 1, set())
        one.page.close()
        come_to(waiting, there)


# -- controls ----------------------------------------------------------------------------------------------------


def test_dose_groups_and_a_dragged_vertebra_say_what_the_library_says(one: Visitor, shipped: Dataset) -> None:
    page = one.page
    assert text("banner.reconstruction", "es") in one.text()
    one.tab(es("dose_tab"))
    handle = one.slider(text("variable.cement_volume_cc", "es"))
    handle.focus()
    for _ in range(5):
        handle.press("ArrowRight")
    at = dose.risk_at(dose.fitted(shipped), "gee_kc", 2.5, 26.0)
    risk = {name: 100 * float(at[name]) for name in ("risk", "ci_low", "ci_high")}
    one.see(es("fill_is", fill=float(at["fill_percent"])) + " " + es("risk_is", **risk))

    one.tab(es("groups_tab"))
    page.locator("select").first.select_option(label=text("variable.cement_volume_cc", "es"))
    comparison = compare_by_leak(shipped, "cement_volume_cc")
    one.see(f"p = {p_value(comparison.result.p_value, 'es')}. {es('paper_prints', p='0,267')}")

    one.tab(es("drag_tab"))
    # The plot is drawn a moment after its tab; until then the point has no place.
    one.see(es("put_back"))
    point = page.locator("[data-id='0']")
    point.wait_for()
    box = settled(point)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(1, 6):
        page.mouse.move(box["x"] + 20 * step, box["y"] - 12 * step)
    page.mouse.up()
    one.see(es("made_up"))

    def shows_what_is_dragged() -> bool:
        volume, cement = (
            one.number(text(f"variable.{name}", "es")) for name in ("vertebral_volume_cc", "cement_volume_cc")
        )
        if volume <= 24 or cement <= 2.6:
            return False
        other = moved(shipped, 0, volume, cement, str(shipped.vertebrae.loc[0, "leak"]))
        compared = [compare_by_leak(other, name) for name in ("vertebral_volume_cc", "fill_percent")]
        shown = one.text()
        return all(
            f"{p_value(after.result.p_value, 'es')} ({text(f'test.{after.chosen}', 'es')})" in shown
            for after in compared
        )

    # The last move may still be under way on a busy machine.
    for _ in range(120):
        if shows_what_is_dragged():
            break
        page.wait_for_timeout(250)
    assert shows_what_is_dragged(), one.text()


def test_a_vertebra_follows_the_hand_alone_and_is_let_go_with_the_button(one: Visitor) -> None:
    page = one.page
    one.tab(es("drag_tab"))
    one.see(es("put_back"))
    point = page.locator("[data-id='0']")
    point.wait_for()
    page.evaluate("""() => {
      const point = document.querySelector("[data-id='0']");
      const across = () => point.transform.baseVal.getItem(0).matrix.e;
      window.vpAcross = [across()];
      new MutationObserver(() => window.vpAcross.push(across())).observe(point, { attributes: true });
    }""")
    box, plot = settled(point), settled(page.locator(".vp-plot svg[role=group]"))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    # Answers come meanwhile: none of them moves it back.
    for step in range(1, 31):
        page.mouse.move(x + 3 * step, y)
        page.wait_for_timeout(20)
    one.see(es("made_up"))
    assert page.evaluate("window.vpAcross.every((each, i, all) => !i || each >= all[i - 1])")
    # Out of the plot, let go there, and back.
    page.mouse.move(plot["x"] - 60, y)
    page.mouse.up()
    name = text("variable.vertebral_volume_cc", "es")
    low = columns()["vertebral_volume_cc"].minimum or 0.0
    page.locator(f"[data-id='0'][aria-label*='{number(low, 1, 'es')} cc']").wait_for()
    let_go = page.evaluate("window.vpAcross.at(-1)")
    for across, up in ((300, 100), (400, 200)):
        page.mouse.move(plot["x"] + across, plot["y"] + up)
    assert page.evaluate("window.vpAcross.at(-1)") == let_go
    assert one.number(name) == low


def test_everything_can_be_reached_by_keyboard(one: Visitor, shipped: Dataset) -> None:
    page = one.page
    one.tab_of(es("drag_tab")).press("Enter")
    one.see(es("put_back"))
    point = page.locator("[data-id='0']")
    point.focus()
    before = one.number(text("variable.vertebral_volume_cc", "es"))
    point.press("ArrowRight")
    one.see(es("made_up"))
    page.wait_for_timeout(800)
    # The point keeps the focus through what it changes.
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(800)
    after = one.number(text("variable.vertebral_volume_cc", "es"))
    assert round(after - before, 1) == 1.1
    # From tab to tab by arrows.
    one.tab_of(es("drag_tab")).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.vp-plot svg[role=group]').length === 4")
    page.wait_for_timeout(500)
    page.locator("svg [data-id][tabindex='0']").first.focus()
    page.keyboard.press("ArrowRight")
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    row = int(re.search(r"\d+", name)[0])  # type: ignore[index]
    one.see(es("walk_row", number=row, others="").rstrip())
    page.wait_for_function("document.querySelectorAll('.vp-selected').length === 4")


def test_the_page_says_what_it_shows_in_words(one: Visitor) -> None:
    page = one.page
    for svg in page.locator(".vp-plot svg[aria-labelledby]").all():
        title, says = (
            page.locator(f"#{name}").text_content() for name in str(svg.get_attribute("aria-labelledby")).split()
        )
        assert title
        assert says
    page.get_by_text(es("as_table")).first.click()
    assert page.locator(".vp-alternative table tbody tr").count() >= 41
    assert page.locator(".vp-explorer [lang], .vp-explorer[lang='es']").count() >= 1
    page.get_by_role("button", name="English").click()
    one.see(text("explore.walk_title", "en"))
    assert es("walk_title") not in one.text()
    assert page.locator(".vp-explorer[lang='en']").count() == 1


def test_a_plots_table_and_picture_are_given_as_files(one: Visitor) -> None:
    page = one.page
    one.tab(es("dose_tab"))
    one.see(es("dose_title"))
    page.locator(".vp-save").wait_for()
    files = {}
    for key in ("as_csv", "as_svg", "as_png"):
        with page.expect_download() as given:
            page.get_by_role("button", name=es(key)).click()
        files[key] = Path(given.value.path()).read_bytes()
    with Image.open(BytesIO(files.pop("as_png"))) as picture:
        assert (picture.width, picture.format) == (
            3 * page.evaluate("document.querySelector('.vp-plot > svg').clientWidth"),
            "PNG",
        )
        # White below, and the blue of the curve.
        seen = {
            tuple(colour) for colour in np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).tolist()
        }
        assert {(255, 255, 255), (0, 0x72, 0xB2)} <= seen
    heads, first, *_ = files["as_csv"].decode("utf-8").removeprefix("\ufeff").splitlines()
    assert heads == ";".join(es(key) for key in ("fill", "risk_axis", "low", "high"))
    assert all(re.fullmatch(r"\d+,\d", each.strip('"')) for each in first.split(";"))
    drawn = ElementTree.fromstring(files["as_svg"])
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert any("rgb" in path.get("stroke", "") for path in drawn.iter("{http://www.w3.org/2000/svg}path"))


# -- addresses ---------------------------------------------------------------------------------------------------


def test_a_link_is_opened_left_come_back_to_and_reloaded(one: Visitor, address: str) -> None:
    page = one.page
    words = text("explore.fill_is", "en", fill=100 * 3.3 / 20)
    page.goto("about:blank")
    one.visit(f"{address}#panel=dose&language=en&data=drawn-17&cement=3.3&volume=20&model=ml")
    one.see(words)
    assert page.evaluate("[document.documentElement.lang, document.title]") == [
        "en",
        f"{text('explore.dose_tab', 'en')} · {text('explore.title', 'en')}",
    ]
    one.tab(text("explore.audit_tab", "en"))
    one.see(text("explore.audit_title", "en"))
    page.wait_for_function("location.hash.startsWith('#panel=audit')")
    page.go_back()
    one.see(words)
    page.reload()
    one.ready()
    one.see(words)
    one.see(text("explore.banner_member", "en", name=text("explore.member_drawn", "en", number=17)))
    handle = one.slider(text("variable.cement_volume_cc", "en"))
    assert handle.get_attribute("aria-valuetext") == "3.3 cc"
    handle.press("ArrowRight")
    page.wait_for_function("location.hash.includes('cement=3.4')")
    page.wait_for_function("document.querySelector('.noUi-handle').getAttribute('aria-valuetext') === '3.4 cc'")
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('17.0%')")


# -- seen by those who do not see --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_panel(opened: Browser, address: str, language: str, width: int) -> None:
    with visitor(opened, (width, 900)) as one:
        one.visit(f"{address}#panel=walk&language={language}")
        one.ready()
        assert_nothing_in_the_way(one, language)


# -- data --------------------------------------------------------------------------------------------------------


def test_workbooks_are_checked_and_two_visitors_see_each_their_own(
    opened: Browser, address: str, workbook: Callable[..., Path]
) -> None:
    def spoil(sheet: Any) -> None:
        sheet["C3"] = 97.25

    with visitor(opened) as first, visitor(opened) as second:
        for each in (first, second):
            each.visit(address)
            each.ready()
            each.tab(es("source_tab"))
        first.give(es("upload"), workbook(spoil, "faulty.xlsx"))
        first.see("faulty.xlsx: ")
        assert "celda C3" in first.text()
        assert text("banner.reconstruction", "es") in first.text()
        # The button says no more than it did.
        first.give(es("upload"), workbook(name="mine.xlsx"))
        first.see("mine.xlsx: 3 pacientes, 5 vértebras, 2 fugas")
        assert es("banner_own", name="mine.xlsx") in first.text()
        second.box(es("source_in_use")).select_option(label=es("member_drawn", number=17))
        second.see(es("banner_member", name=es("member_drawn", number=17)))
        for each in (first, second):
            each.tab(es("walk_tab"))
            each.page.wait_for_function("document.querySelectorAll('.vp-plot').length >= 4")
        assert first.page.locator(".vp-plot").first.locator("[data-id]").count() == 5
        assert second.page.locator(".vp-plot").first.locator("[data-id]").count() == 41
        assert "mine.xlsx" not in second.page.content()
        assert "Zubiri" not in second.page.content()
        assert "Zubiri" in first.text()
        volume = number(float(member("drawn", 17).rows["vertebral_volume_cc"][0]), 1, "es")
        assert volume in second.text()


# -- answers -----------------------------------------------------------------------------------------------------


def test_every_control_answers(one: Visitor) -> None:
    """With -s it tells how soon; that is no test's to judge. Nor is the page ever cut off from what computes."""
    page = one.page
    took: dict[str, list[float]] = {}
    began = time.monotonic()

    def measured(name: str, act: Callable[[], None], times: int = 5) -> None:
        for _ in range(times):
            act()
            took.setdefault(name, []).append(one.answered_in())

    def keys(locator: Any, key: str) -> Callable[[], None]:
        locator.focus()
        return lambda: locator.press(key)

    measured("walk: pick", keys(one.box(es("vertebra_number")), "ArrowUp"))
    for panel in ("source", "groups", "dose", "drag", "resample", "size", "draws", "audit", "lesson", "walk"):
        measured(f"open: {panel}", lambda panel=panel: one.tab(es(f"{panel}_tab")), 1)  # type: ignore[misc]
    one.tab(es("source_tab"))
    measured("source: another", keys(one.box(es("source_in_use")), "ArrowDown"))
    one.tab(es("groups_tab"))
    measured("groups: variable", keys(page.locator("select").first, "ArrowDown"))
    measured("groups: level", keys(one.slider(es("alpha")), "ArrowRight"))
    one.tab(es("dose_tab"))
    measured("dose: cement", keys(one.slider(text("variable.cement_volume_cc", "es")), "ArrowRight"))
    measured("dose: model", keys(page.locator("select").first, "ArrowUp"), 2)
    one.tab(es("drag_tab"))
    page.locator("[data-id='0']").focus()
    measured("drag: move", lambda: page.keyboard.press("ArrowRight"))
    other = page.locator(".widget-toggle-button:not(.mod-active)", has_text="fuga").filter(has_not_text="vértebra")
    measured("drag: leak", other.click)
    one.tab(es("resample_tab"))
    measured("resample: many", lambda: one.tab(es("draw_many", n=25)))
    one.tab(es("size_tab"))
    measured("size: patients", keys(one.slider(es("n_patients")), "ArrowRight"))
    one.tab(es("draws_tab"))
    # Of few datasets another seed may draw the same ones, and nothing would change.
    one.box(es("type_n")).fill("30")
    measured("draws: of more", keys(one.box(es("type_n")), "Enter"), 1)
    measured("draws: others", lambda: one.tab(es("draws_another")))
    one.tab(es("audit_tab"))
    box = one.box(es("type_mean_a"))
    values = iter(("27,1", "27,2", "27,3", "27,4"))

    def type_mean() -> None:
        box.fill(next(values))
        box.press("Enter")

    measured("audit: a mean", type_mean, 4)
    measured("language", lambda: one.tab("English"), 1)
    for name, times in took.items():
        print(f"{name:20} median {median(times):5.0f} ms, most {max(times):5.0f} ms")
    assert min(map(min, took.values())) > 0
    # A server that asks its pages for a sign of life does so each half minute.
    page.wait_for_timeout(max(0.0, 33 - (time.monotonic() - began)) * 1000)


def test_a_long_audit_goes_on_in_the_background_and_can_be_stopped(one: Visitor) -> None:
    one.tab(es("audit_tab"))
    one.tab(es("audit_all"))
    one.see("Comprobando en segundo plano")
    box = one.box(es("type_mean_a"))
    box.fill("26,9")
    box.press("Enter")
    one.page.get_by_text("Comprobando en segundo plano").wait_for(state="hidden", timeout=PATIENCE * 1000)
    for name, value in (
        ("n_a", "15"),
        ("mean_a", "2,5"),
        ("sd_a", "1,9"),
        ("n_b", "14"),
        ("mean_b", "3,4"),
        ("sd_b", "1,4"),
        ("p", "0,16"),
        ("low", "0"),
        ("high", "10"),
        ("step", "1"),
    ):
        one.box(es(f"type_{name}")).fill(value)
        one.page.keyboard.press("Tab")
    one.tab(es("audit_all"))
    one.page.get_by_text("Todo comprobado").wait_for(timeout=PATIENCE * 1000)
    assert text("audit_check.p_kruskal", "es") in one.text()


def test_a_telephone_shows_the_four_tests_whole(opened: Browser, address: str) -> None:
    with visitor(opened, (390, 844)) as one:
        one.visit(address)
        one.ready()
        one.tab(es("groups_tab"))
        table = one.page.locator(".vp-explorer table:visible").first
        table.wait_for(timeout=PATIENCE * 1000)
        assert table.evaluate("table => table.getBoundingClientRect().right") <= 390

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from importlib import resources
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest

from vpresearch.core.errors import LANGUAGES
from vpresearch.data import Dataset, load
from vpresearch.explore.chart import NumberBox, Plot
from vpresearch.explore.page import PANELS, Page, banner
from vpresearch.explore.panels.source import Upload
from vpresearch.explore.session import Session, member
from vpresearch.render.labels import text


def inside(widget: widgets.Widget) -> list[Any]:
    """A widget with all that is in it."""
    return [widget, *(each for child in getattr(widget, "children", ()) for each in inside(child))]


def controls(page: Page, kind: type[Any]) -> list[Any]:
    return [each for each in inside(page) if isinstance(each, kind)]


def words(page: Page) -> str:
    return " ".join(each.value for each in controls(page, widgets.HTML) if "<style>" not in each.value)


@pytest.fixture
def page(session: Session) -> Page:
    return Page(session)


def test_every_panel_opens_in_both_languages_without_a_fault(page: Page) -> None:
    for language in LANGUAGES:
        page.session.language = language
        for panel in PANELS:
            page.session.panel = panel
            assert page.session.fault == ""
            assert text(f"explore.{panel}_title", language) in words(page)
            for plot in controls(page, Plot):
                assert plot.spec["language"] == language
                assert plot.spec["description"]
                assert plot.spec["table"]["columns"]


def strings(value: Any) -> list[str]:
    """All that is text in the description of a plot."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [value] if isinstance(value, str) else [each for part in parts for each in strings(part)]


@pytest.mark.parametrize(
    ("language", "foreign"),
    # Of three digits it may be the mark between thousands, but not after a nought.
    [("es", r"(?<![\d.])(0|\d+(?!\.\d{3}\b))\.\d"), ("en", r"(?<![\d,])(0|\d+(?!,\d{3}\b)),\d")],
)
def test_every_number_has_the_marks_of_the_language_and_no_p_is_nought(
    shipped: Dataset, language: str, foreign: str
) -> None:
    page = Page(Session(study=shipped, language=language))
    seen = 0
    for panel in PANELS:
        page.session.panel = panel
        boxes = [f"{each.description} {each.value}" for each in controls(page, widgets.Text)]
        plots = [each for plot in controls(page, Plot) for each in strings(plot.spec)]
        # A link, and code, have the marks that they have.
        prose = re.sub("<a .*?</a>|<pre tabindex.*?</pre>|<[^>]*>", " ", words(page), flags=re.DOTALL)
        for said in [*unescape(prose).split("\n"), *boxes, *plots]:
            seen += len(re.findall(r"\d[.,]\d", said))
            assert not re.search(foreign, said), said
            assert not re.search(r"(?<![\w)])-\d", said), said
            assert not re.search(r"\bp\W+0[.,]000\b", said), said
    assert seen > 1000


def test_every_panel_opens_on_a_study_of_three_patients(workbook: Callable[..., Path]) -> None:
    # Too little for most tests and models: each has to say so instead of failing.
    page = Page(Session(study=load(workbook()), language="es"))
    for panel in PANELS:
        page.session.panel = panel
        assert page.session.fault == ""


def test_the_banner_names_a_reconstruction_and_changes_with_the_data(
    page: Page, shipped: Dataset, workbook: Callable[..., Path]
) -> None:
    own = load(workbook())
    for language in LANGUAGES:
        page.session.language = language
        page.session.take(shipped)
        assert text("banner.reconstruction", language) in page._banner.value
        page.session.take(member("extreme", 2), ("extreme", 2))
        assert text("explore.member_extreme", language, number=2) in page._banner.value
        page.session.take(own)
        assert "study.xlsx" in page._banner.value
        assert text("banner.reconstruction", language) not in page._banner.value
        # In its own colour: both classes count.
        assert "class='vp-banner vp-real'" in page._banner.value


def test_a_file_name_is_no_code(drawn: Dataset) -> None:
    own = replace(drawn, name="<script>alert(1)</script>", reconstruction=False)
    assert "<script>" not in banner(Session(study=own, language="en"))


def test_controls_stay_where_they_stood_when_the_language_changes(page: Page) -> None:
    page.session.panel = "dose"
    (cement, _) = controls(page, widgets.FloatSlider)
    cement.value = 3.3
    page.session.language = "es"
    (cement, _) = controls(page, widgets.FloatSlider)
    assert cement.value == 3.3
    assert cement.description == "Cemento inyectado (cc): 3,3"


def test_an_error_shows_no_word_of_its_own(session: Session) -> None:
    page = Page(session)

    def quote(_: object) -> None:
        raise ValueError("Zubiri-77")

    session.guarded(quote)(None)
    assert "Zubiri" not in page._fault.value
    assert "ValueError" in page._fault.value
    assert "test_page.py" in page._fault.value


def test_a_notebook_keeps_no_row_of_a_page(page: Page) -> None:
    assert page._repr_mimebundle_()["text/plain"] == "<Page>"


def test_panels_that_were_left_are_closed(page: Page) -> None:
    left = controls(page, Plot)
    page.session.panel = "lesson"
    assert left
    assert all(plot.comm is None for plot in left)


def test_only_the_panel_of_data_changes_the_data(page: Page) -> None:
    page.session.panel = "source"
    study = page.session.study
    (chooser,) = controls(page, widgets.Dropdown)
    chooser.value = ("drawn", 99)
    assert page.session.study is not study
    assert page.session.member == ("drawn", 99)


def upload(page: Page, name: str, content: bytes, **beside: bytes) -> None:
    (control,) = controls(page, Upload)
    before = control.get_state()
    # As the browser hands it over.
    control._handle_custom_msg({"names": [name, *beside]}, [memoryview(each) for each in (content, *beside.values())])
    assert control.get_state() == before


def test_a_good_workbook_is_looked_at_and_a_faulty_one_is_told_by_cell(
    page: Page, workbook: Callable[..., Path]
) -> None:
    page.session.panel = "source"
    before = page.session.study

    def spoil(sheet: Any) -> None:
        sheet["C3"] = 97.25

    upload(page, "wrong.xlsx", workbook(spoil).read_bytes())
    assert page.session.study is before
    assert "wrong.xlsx: " in words(page)
    assert "cell C3" in words(page)
    assert text("explore.source_kept", "en") in words(page)
    upload(page, "mine.xlsx", workbook().read_bytes())
    assert "mine.xlsx: 3 patients, 5 vertebrae, 2 leaks" in words(page)
    assert text("explore.source_kept", "en") not in words(page)
    assert (page.session.study.name, page.session.study.reconstruction) == ("mine.xlsx", False)
    assert page.session.member is None
    assert page.session.fault == ""
    # It is said again in another language, and the file can be gone back to.
    page.session.language = "es"
    assert "mine.xlsx: 3 pacientes, 5 vértebras, 2 fugas" in words(page)
    (chooser,) = controls(page, widgets.Dropdown)
    assert chooser.value == "own"
    chooser.value = ("drawn", 3)
    assert "mine.xlsx" not in words(page)
    chooser.value = "own"
    assert page.session.study.name == "mine.xlsx"


def test_columns_are_declared_by_a_file_that_is_chosen_with_the_table(page: Page, shipped: Dataset) -> None:
    page.session.panel = "author"
    rows = shipped.rows.drop(columns=["region", "fill_percent"]).assign(t_score="-2.5")
    table = rows.to_csv(index=False).encode()
    entry = b"{type: number, unit_of_observation: patient, range: [-8, 4], label: {es: T, en: T}}"
    upload(page, "mine.csv", table, **{"columns.yaml": b"columns:\n  t_score: " + entry})
    assert [column.name for column in page.session.study.declared] == ["t_score"]
    assert page.session.notes["given"].declaration.endswith(entry)
    upload(page, "mine.csv", table, **{"columns.yaml": b"columns:\n  t_score: 5"})
    assert "mine.yaml: 1 problem" in words(page)
    upload(page, "mine.csv", table)
    assert page.session.study.declared == ()


def test_a_file_with_identifiers_is_told_of_the_box_and_not_of_a_command(page: Page, shipped: Dataset) -> None:
    page.session.panel = "source"
    rows = shipped.rows.drop(columns=["region", "fill_percent"]).assign(nombre="Ana")
    for language in LANGUAGES:
        page.session.language = language
        upload(page, "named.csv", rows.to_csv(index=False).encode())
        assert text("explore.drop_here", language) in words(page)
        assert "--drop" not in words(page)
        # Every remedy that names the command says it in the words that are replaced.
        lines = (resources.files("vpresearch") / f"locales/{language}.yaml").read_text(encoding="utf-8").splitlines()
        remedies = [each for each in lines if "remedy" in each and "--drop-identifiers (" in each]
        assert len(remedies) == 5
        assert all(text("explore.drop_by_command", language) in each for each in remedies)


def test_a_reconstruction_that_is_uploaded_is_still_named_as_such(page: Page, shipped: Dataset) -> None:
    page.session.panel = "source"
    rows = shipped.rows.drop(columns=["region", "fill_percent"]).assign(patient_id=shipped.rows["patient_id"].str[-2:])
    upload(page, "real.csv", rows.to_csv(index=False).encode())
    assert page.session.study.name == "real.csv"
    assert text("banner.reconstruction", "en") in page._banner.value


# -- addresses ---------------------------------------------------------------------------------------------------------


def _moved(page: Page) -> None:
    volume, cement = controls(page, NumberBox)
    volume.value, cement.value = "31,5", "3,3"
    controls(page, widgets.Dropdown)[0].value = "ml"


def _drawn(page: Page) -> None:
    controls(page, widgets.Dropdown)[0].value = "cement_volume_cc"
    controls(page, widgets.Button)[1].click()


def _typed(page: Page) -> None:
    boxes = controls(page, widgets.Text)
    boxes[1].value, boxes[6].value = "26,9", ""


def _supposed(page: Page) -> None:
    controls(page, widgets.FloatSlider)[0].value = 1.25
    slider = controls(page, widgets.SelectionSlider)[0]
    slider.value = slider.options[30]


def _dosed(page: Page) -> None:
    controls(page, widgets.FloatSlider)[1].value = 20.5
    controls(page, widgets.Dropdown)[0].value = "flic"
    controls(page, widgets.Checkbox)[0].value = True


def _grouped(page: Page) -> None:
    controls(page, widgets.Dropdown)[0].value = "age_years"
    controls(page, widgets.FloatSlider)[0].value = 0.1


TURNED: dict[str, Callable[[Page], None]] = {
    "walk": lambda page: controls(page, Plot)[0].set_trait("picked", {"id": 12, "turn": 1}),
    "source": lambda page: controls(page, widgets.Dropdown)[0].set_trait("value", ("extreme", 2)),
    "groups": _grouped,
    "dose": _dosed,
    "drag": _moved,
    "resample": _drawn,
    "size": _supposed,
    "draws": lambda page: controls(page, widgets.Text)[1].set_trait("value", "3,1"),
    "audit": _typed,
    "lesson": lambda page: controls(page, widgets.ToggleButtons)[0].set_trait("value", 4),
}


# What a visitor does with a workbook no link tells.
@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel != "author"])
def test_a_link_shows_another_visitor_what_is_shown(panel: str, shipped: Dataset) -> None:
    page = Page(Session(study=member("drawn", 9), member=("drawn", 9), selected=3, panel=panel, language="es"))
    before = words(page), [plot.spec for plot in controls(page, Plot)], page.session.address
    TURNED[panel](page)
    shown = words(page), [plot.spec for plot in controls(page, Plot)]
    assert page.session.address != before[2]
    other = Page(Session(study=shipped, language="en"))
    other.go(page.session.address)
    assert other.session.fault == ""
    assert (words(other), [plot.spec | {"turn": 0} for plot in controls(other, Plot)]) == (shown[0], shown[1])
    assert other.session.selected == page.session.selected
    assert other.session.address == page.session.address
    # And back.
    page.go(before[2])
    assert (words(page), [plot.spec for plot in controls(page, Plot)]) == before[:2]


@pytest.mark.parametrize(
    "address",
    [
        "panel=nothing&language=xx&data=drawn-9999&vertebra=0",
        "panel=dose&cement=abc&volume=nan&model=none&separated=perhaps",
        "panel=drag&vertebra=99&moved=1,inf,no",
        "panel=drag&moved=,,",
        "panel=resample&seed=x&drawn=9999999999999999&variable=nothing",
        "panel=size&patients=1.5&ratio=-3",
        "panel=lesson&question=99",
        "panel=audit&n_a=<script>",
        "data=extreme-x&=&&",
    ],
)
def test_a_link_that_says_nonsense_opens_what_it_can(address: str, shipped: Dataset) -> None:
    page = Page(Session(study=shipped, language="es"))
    page.go(address)
    assert page.session.fault == ""
    assert "<script" not in words(page)
    assert "nan" not in words(page).casefold().split()


def test_the_address_says_nothing_of_a_visitors_own_data(page: Page, workbook: Callable[..., Path]) -> None:
    page.session.take(load(workbook()))
    for panel in PANELS:
        page.session.panel = panel
        assert page.session.address == f"panel={panel}&language=en"
    page.session.panel = "drag"
    controls(page, NumberBox)[0].value = "31.5"
    assert page.session.address == "panel=drag&language=en"


# -- from Python -------------------------------------------------------------------------------------------------------


def code_of(page: Page) -> str:
    (code,) = re.findall("<pre tabindex='0'>(.*?)</pre>", words(page), re.DOTALL)
    return unescape(code)


@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel not in {"lesson", "audit", "author"}])
def test_the_python_that_a_panel_shows_runs_and_gives_its_numbers(
    panel: str, shipped: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page(Session(study=member("extreme", 2), member=("extreme", 2), panel=panel, language="en"))
    TURNED[panel](page)
    *lines, last = code_of(page).splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    given = eval(last, names)
    shown = words(page)
    if panel == "groups":
        assert f"p = {names['comparison'].result.p_value:.3f}" in shown
    elif panel == "dose":
        assert f"Fill: {given['fill_percent'][0]:.1f}%" in shown
        assert "the risk is not given" in shown or given["risk"].isna().all() or f"{given['risk'][0]:.0%}" in shown
    elif panel == "size":
        assert f"power {100 * given['power'][0]:.0f}%" in shown
    elif panel == "resample":
        dots = [
            dot["y"]
            for mark in controls(page, Plot)[0].spec["marks"]
            for dot in mark.get("points", [])
            if "label" in dot
        ]
        assert sorted(given) == pytest.approx(sorted(dots))
    elif panel == "draws":
        assert f"Exactly {given} datasets" in shown or given is True
    elif panel == "drag":
        assert len(given) == 96
        assert names["other"].vertebrae.loc[0, "cement_volume_cc"] == 3.3


def test_the_python_of_an_audit_is_the_audit(page: Page) -> None:
    page.session.panel = "audit"
    assert "vp.audit_paper(typed_paper({'n_a': '26', 'mean_a': '27.0'" in code_of(page)

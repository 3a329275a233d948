from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.errors import InputError
from vpresearch.published.comparators import read_comparators
from vpresearch.regression.design import REASONS
from vpresearch.render import labels
from vpresearch.render.pandoc import text_of
from vpresearch.report import Report
from vpresearch.report.document import DOCUMENTS
from vpresearch.report.template import TEMPLATES, exhibits, fill, headings, parse, source
from vpresearch.report.values import Missing, Value, write

EACH = pytest.mark.parametrize("name", DOCUMENTS)
VALUES: dict[str, Value] = {"study.leaks": 15, "models.gee_kc.fill_percent.or": 1.0669, "study.name": "<b>*a* {x}"}


def filled(prose: str, beside: str = "", language: str = "es") -> str:
    return text_of(fill(parse(prose, set()), "es.md", VALUES, language, beside))


def test_a_value_takes_the_place_of_its_key() -> None:
    assert filled("Hay **{study.leaks}** ({models.gee_kc.fill_percent.or:2}).") == "Hay 15 (1,07)."


def test_every_faulty_key_is_listed_at_once() -> None:
    prose = "{study.leak} {nothing.like.it}\n\n- {models.gee_kc.fill_percent.or}\n- {study. leaks} {study.name:2}"
    with pytest.raises(InputError) as caught:
        filled(prose)
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["unknown_key", "unknown_key", "bad_style", "bad_key", "bad_key", "bad_style"]
    assert "Maybe study.leaks is meant." in str(caught.value)


@pytest.mark.parametrize("language", labels.LANGUAGES)
@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("name", ["manuscript", "supplement"])
def test_a_primary_analysis_without_a_number_says_why(reason: str, language: str, name: str) -> None:
    prose = source(name, language)
    values: dict[str, Value] = {"models.gee_kc.fill_percent.reason": reason, "study.leaks": 1, "ref.table.models": "T"}
    about = re.findall(r'::: \{\.only when="no slope"\}\n(.*?)\n:::', prose, re.S)
    assert len(about) == 2
    for part in about:
        told = text_of(fill(parse(part, set()), "", values, language, ""))
        assert labels.why_not(reason, language) in told
        # Of too few patients, among others, a finite estimate can exist.
        assert ("finit" in told) == ("finit" in labels.why_not(reason, language))


def test_a_value_is_never_taken_as_markup_or_as_a_key() -> None:
    assert filled("{study.name}") == "<b>*a* {x}"


def test_blocks_for_other_data_are_dropped_before_their_keys_are_looked_up() -> None:
    prose = "One.\n\n::: {.only when=real}\n{no.such.key}\n:::\n\n::: {.only when=reconstruction}\nTwo.\n:::"
    assert text_of(fill(parse(prose, {"reconstruction"}), "en.md", VALUES, "en")) == "One.Two."


def test_what_is_left_out_is_told_apart_from_what_stays() -> None:
    values = VALUES | {"table2.odi.mean": Missing("Oswestry", "none")}
    told = text_of(fill(parse("Leaks: {study.leaks}. Mean {table2.odi.mean:1}.", set()), "en.md", values, "en"))
    assert told == "Leaks: 15. Not given, since these data do not give it: Oswestry (none)."


def test_what_tells_of_the_slope_is_never_alone() -> None:
    prose = "Slope {models.gee_kc.fill_percent.or:2}.\n\n- {study.leaks}\n- {models.gee_kc.fill_percent.or:1}"
    assert filled(prose, "[open]") == "Slope 1,07. [open]151,1 [open]"


@given(st.one_of(st.integers(0, 10**6), st.floats(-1e6, 1e6), st.just(float("nan"))))
def test_numbers_have_the_mark_of_the_language(value: float) -> None:
    styles = [""] if isinstance(value, int) else ["0", "2", "%1"]
    for style in styles:
        spanish, english = write(value, style, "es"), write(value, style, "en")
        assert spanish.translate(str.maketrans(",.", ".,")) == english


@pytest.mark.parametrize("style", ["x", "%", "-1", "2f"])
def test_an_unknown_style_is_refused(style: str) -> None:
    with pytest.raises(ValueError, match="style"):
        write(1.5, style, "en")


# -- the templates that are shipped ------------------------------------------------------------------------------------


@EACH
def test_both_languages_tell_the_same(name: str) -> None:
    facts = {"reconstruction", "real", "slope", "no slope"}
    spanish, english = (parse(source(name, language), facts) for language in labels.LANGUAGES)
    assert exhibits(spanish) == exhibits(english)
    assert list(headings(spanish)) == list(headings(english))
    keys = [Counter(re.findall(r"\{[^{}#.]\S*?\}", source(name, language))) for language in labels.LANGUAGES]
    assert keys[0] == keys[1]
    cited = [re.findall(r"@\w+", source(name, language)) for language in labels.LANGUAGES]
    assert cited[0] == cited[1]


@pytest.mark.parametrize("language", ["es", "en"])
@EACH
def test_no_number_is_typed_into_the_prose(language: str, name: str) -> None:
    prose = re.sub(r"\{.*?\}|[\w-]+(?: Surg| Radiol)? \d+ \[@\w+\]|@\w+", "", source(name, language))
    # What is no result: the level of the intervals, the power asked for, the rule of Fisher, SHA-256.
    conventions = {"256", "95", "80", "5", "10", "1", "0,05", "0.05"}
    assert set(re.findall(r"\d+(?:[.,]\d+)?", prose)) <= conventions


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("reconstruction", [True, False])
def test_every_key_is_known(composed: Callable[[str, bool], Report], language: str, reconstruction: bool) -> None:
    report = composed(language, reconstruction)
    for blocks in report.documents.values():
        assert "{" not in text_of([block for block in blocks if "{show." not in text_of(block)])


@pytest.mark.parametrize("reconstruction", [True, False])
def test_every_exhibit_is_shown(composed: Callable[[str, bool], Report], reconstruction: bool) -> None:
    report = composed("es", reconstruction)
    made = {f"table.{name}" for name in report.tables} | {f"figure.{name}" for name in report.figures}
    # The audit is told in brief, and its whole list stands in a file of its own.
    left_out = {"table.audit"} | ({"table.differences"} if reconstruction else set())
    shown = [name for blocks in report.documents.values() for name in exhibits(blocks)]
    assert sorted(shown) == sorted(made - left_out)


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_every_citation_has_its_reference_and_every_reference_a_citation(
    composed: Callable[[str, bool], Report], language: str
) -> None:
    library = (TEMPLATES / "references.bib").read_text(encoding="utf-8")
    cited = set()
    for name, blocks in composed(language, True).documents.items():
        own, text = set(re.findall(r"@(\w+)", source(name, language))), json.dumps(blocks, ensure_ascii=False)
        assert "???" not in text
        listed = set(re.findall(r'"ref-(\w+)"', text))
        assert own == listed
        cited |= own
    entries = {entry.split(",")[0]: entry for entry in library.split("@article{")[1:]}
    assert cited == set(entries)
    # The first thirty are those of the paper, in its order.
    paper = re.findall(r"@(\w+)", source("manuscript", language))[:30]
    assert paper == list(entries)[:30]


def test_every_reference_has_a_doi_or_says_why_not() -> None:
    library = (TEMPLATES / "references.bib").read_text(encoding="utf-8")
    found = [re.findall(r"^  (doi|annote) = \{(.+)\},$", entry, re.M) for entry in library.split("@article{")[1:]]
    assert all(len(each) == 1 and (each[0][0] == "annote" or each[0][1].startswith("10.")) for each in found)


def test_every_other_series_is_cited() -> None:
    library, text = (TEMPLATES / "references.bib").read_text(encoding="utf-8"), source("supplement", "en")
    for series in read_comparators():
        key = re.search(re.escape(re.split(r"[,(]", series.study)[0].strip()) + r" \[@(\w+)\]", text)
        assert key is not None, series.study
        entry = library.split(f"{{{key[1]},")[1].split("@article")[0]
        assert (f"doi = {{{series.doi}}}" in entry) if series.doi else ("doi = " not in entry)

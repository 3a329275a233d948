"""Whatever is accepted runs to its end: every table, figure, report, page and panel of studies of every odd shape."""

from __future__ import annotations

import json
import math
import os
import re
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest
from matplotlib.layout_engine import ConstrainedLayoutEngine

from tests.any_study import any_study, as_study
from tests.larger_study import larger_study
from tests.parts import composed, of
from vpresearch import results
from vpresearch.audit import Check, audit
from vpresearch.core.compendium import Notebook, read_compendium
from vpresearch.core.errors import LANGUAGES, InputError, placed
from vpresearch.core.paths import NOTEBOOKS, PUBLISHED
from vpresearch.data import Dataset, examine, load, pseudonymise, write_rows
from vpresearch.explore import page
from vpresearch.explore.session import Session
from vpresearch.figures import Figure
from vpresearch.parallel.cache import shared_by_all
from vpresearch.privacy import check_public, withhold
from vpresearch.published import Paper, read_paper
from vpresearch.published.comparators import compare, read_comparators
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import PRIMARY
from vpresearch.regression.validation import Performance
from vpresearch.render import labels
from vpresearch.render.pandoc import text_of
from vpresearch.report import Report, analyse
from vpresearch.report.template import exhibits, fill, parse, source
from vpresearch.report.values import Value
from vpresearch.results import Results
from vpresearch.review import write_pages
from vpresearch.scorecard import cause, differing, judge, missing, scorecard
from vpresearch.tables import comparators_table, leak_kinds, outcome
from vpresearch.workbook.validation import report

# Of the paper alone, whatever the data.
_OF_THE_PAPER = {"04_audit.ipynb", "06_ensemble.ipynb"}
_MIN_CELL = 5


@pytest.mark.parametrize("seed", [1, 3, 8, 11, *(pytest.param(each, marks=pytest.mark.long) for each in (2, 5, 6, 9))])
def test_what_is_accepted_runs_to_its_end(seed: int, tmp_path: Path) -> None:
    run_all(seed, tmp_path)


@pytest.mark.long
def test_studies_of_every_odd_shape_run_to_their_end(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        # All three hundred take most of an hour on a slow machine; where each change is tried, twenty of them.
        seeds = range(100, 400, 15) if "CI" in os.environ else range(100, 400)
        done = list(processes.map(partial(placed, _run_alone, tmp_path), seeds, chunksize=5))
    assert [fault for fault in done if fault] == []


_OTHER_PAPER = """
paper: {key: another-2026}
variables:
  cement_volume_cc: {over: vertebrae, step: "0.1"}
claims:
- {id: patients, printed: "16", kind: count, places: [results], compute: {statistic: n, over: patients}}
- {id: vertebrae, printed: "24", kind: count, places: [results], compute: {statistic: n, over: vertebrae}}
- {id: cement, printed: "1.0", kind: mean, places: [results],
   compute: {statistic: mean, over: vertebrae, variable: cement_volume_cc}}
"""


@pytest.mark.long
def test_a_study_is_held_against_a_paper_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "paper.yaml").write_text(_OTHER_PAPER, encoding="utf-8")
    own = read_paper(tmp_path / "paper.yaml")
    study = as_study(larger_study(24, seed=2), tmp_path / "study.csv")
    report = composed(analyse(study, 0.05, 1, own), "en")
    told = " ".join(text_of([*report.documents.values()]).split())
    assert "This letter is about: another-2026." in told
    assert "The paper prints 3 numbers about its patients." in told
    shown = [str(cell) for table in report.tables.values() for cell in table.shown.to_numpy().ravel()]
    assert not [words for words in (told, *shown) if "Barriga" in words or "88%" in words]
    assert report.tables["statements"].shown.empty


def _run_alone(folder: Path, seed: int) -> str:
    own = folder / str(seed)
    own.mkdir()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run_all(seed, own, whole=False)
    except Exception as error:
        return f"study {seed}: {error!r}"
    return ""


def run_all(seed: int, folder: Path, *, whole: bool = True) -> None:
    """Do with one study all that a run, a report, a public run and a visitor of the explorer do, in the one process.

    Of many studies each second one is reported, and the others are explored: that takes half of the time.
    """
    study, language = any_study(seed, folder), LANGUAGES[seed % 2]
    with cheap(), shared_by_all(folder / "shared"):
        rows = folder / "private" / "rows.csv"
        write_rows(pseudonymise(study), rows)
        again = load(rows)
        pd.testing.assert_frame_equal(pseudonymise(study).rows, again.rows, check_like=True)
        run_notebooks(rows, folder / "out", language)
        if whole or seed % 4 < 2:
            check_report(again, language)
        judged = scorecard(read_paper(PUBLISHED), again)
        record = '{"data": {}, "parameters": {}, "python": "", "versions": {}}'
        (folder / "run.json").write_text(record, encoding="utf-8")
        assert write_pages(folder, folder / "out", read_paper(PUBLISHED), judged, study, read_compendium(), language)
        assert len(differing(judged)) <= len(judged)
        if seed % 3 == 0 and may_be_public(study):
            run_notebooks(rows, folder / "public", language, _MIN_CELL)
            assert withhold(judged, study, _MIN_CELL)
        if whole or seed % 4 > 1:
            open_panels(again, language)


@contextmanager
def cheap() -> Iterator[None]:
    """Leave out what is alike for all data: the audit of the paper, where words stand in a figure, and its pixels."""
    with (
        patch.object(Figure, "to_bytes", lambda *_: b""),
        patch.object(ConstrainedLayoutEngine, "execute", lambda *_: None),
        patch.object(results, "audit", lambda *_: _checks()),
    ):
        yield


@cache
def _checks() -> list[Check]:
    paper = read_paper(PUBLISHED)
    return audit(replace(paper, claims=tuple(each for each in paper.claims if "table3.vertebr" in each.id)))


@cache
def _notebooks() -> dict[str, tuple[Notebook, list[str]]]:
    found = {}
    for notebook in read_compendium().notebooks:
        cells: list[dict[str, Any]] = json.loads((NOTEBOOKS / notebook.file).read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        found[notebook.file] = (notebook, code)
    return found


def run_notebooks(rows: Path, out: Path, language: str, min_cell: int = 0) -> None:
    for name, (notebook, code) in _notebooks().items():
        if name in _OF_THE_PAPER:
            continue
        parameters, *cells = code
        names: dict[str, Any] = {}
        exec(parameters, names)
        names |= {"data": str(rows), "language": language, "min_cell": min_cell, "out": str(out)}
        for cell in cells:
            exec(cell, names)
        for exhibit in notebook.exhibits:
            # With --only its absence would be a failure.
            own = Path(exhibit.output)
            assert [*out.glob(f"{own}.*"), *out.glob(f"private/{own.name}.*")], exhibit.output


def check_report(study: Dataset, language: str) -> None:
    results = Results(study)
    report = composed(results, language)
    blocks = [block for each in report.documents.values() for block in each]
    prose = text_of([block for block in blocks if block["t"] != "Div" and "{show." not in text_of(block)])
    assert "{" not in prose
    assert "nan" not in prose.split()
    assert contradictions(results, report, prose, language) == []
    assert {name.split(".")[1] for name in exhibits(blocks)} <= {*report.tables, *report.figures}


def contradictions(results: Results, report: Report, prose: str, language: str) -> list[str]:
    """List what a report says that its own results do not bear: by rule, whatever the study."""
    told = " ".join([prose, *report.captions.values(), *(note for notes in report.notes.values() for note in notes)])
    design, words = results.design, told.casefold()
    found = [
        f"a number that is not there: {match[0]}"
        for match in re.finditer(r"(?:\b(?:is|of|to|gives|by|es|de|a|da|por) –|\(– | – %|\bn = –)[^ ]*", prose)
    ]
    # Sizes are told, and never supposed.
    supposed = ("small study", "few leaks", "for few patients", "estudio pequeño", "pocas fugas", "los pocos pacientes")
    found += [each for each in supposed if each in words]
    paper = labels.text("leak_table.simulation_caption", language)
    alike = (design.n, design.n_clusters) == (41, 27)
    found += [paper] if (paper in told or "simulation" in report.tables) != alike else []
    beginning = {"en": "By the primary analysis the odds ratio", "es": "Según el análisis principal, la odds ratio"}
    if (beginning[language] in prose) == math.isnan(results.slopes[PRIMARY].estimate):
        found.append("an odds ratio without an estimate, or none with one")
    # A sentence goes with the number or the patients that it supposes.
    if ("Riley" in prose) == math.isnan(results.precision["detectable"].iloc[0]):
        found.append("criteria without a size, or a size without them")
    several = {"en": "compared as if they were of several", "es": "se comparan como si fueran de varios"}
    if (several[language] in prose) != (design.n_clusters < design.n):
        found.append("patients with several vertebrae")
    cells = " ".join(str(cell) for table in report.tables.values() for cell in table.shown.to_numpy().ravel())
    found += ["two names of one scale"] if re.search(r"\bEVA\b", f"{told} {cells}") else []
    apart = report.tables["differences"]
    for claim, computed in zip(apart.data["claim"], apart.shown.iloc[:, 3], strict=True):
        found += [f"{claim}: {computed}"] if claim.endswith(".p") and re.fullmatch("[0.,]+", computed) else []
    of_print = report.tables["corrections"].shown.iloc[:, 1]
    found += [f"a test of ours as printed: {cell}" for cell in of_print if "Shapiro-Wilk" in cell]
    for name, rows in (("validation", results.performance), ("models", results.estimates)):
        shown = " ".join(report.tables[name].shown.astype(str).to_numpy().ravel())
        found += [f"{name}: nan" for _ in range("nan" in shown.split())]
        # A number that is not there has a reason beside it.
        found += [f"{name}: no reason" for each in rows if _without_reason(each)]
    for row in results.series:
        if math.isnan(row.p_value) != math.isnan(row.difference_low):
            found.append(f"p and interval of {row.comparator.study}")
    return found


def _without_reason(row: Estimate | Performance) -> bool:
    number = row.estimate if isinstance(row, Estimate) else row.corrected
    return math.isnan(number) and not row.reason


def may_be_public(study: Dataset) -> bool:
    """Whether either group is large enough; else the refusal is told as one, in words."""
    try:
        check_public(study, _MIN_CELL)
    except InputError as error:
        if {problem.code for problem in error.problems} == {"too_few_for_public"}:
            return False
        raise
    return True


def open_panels(study: Dataset, language: str) -> None:
    opened = page.Page(Session(study=study, language=language))
    for panel in page.PANELS:
        opened.session.panel = panel
        assert (panel, opened.session.fault) == (panel, "")


# -- sentences of such studies -----------------------------------------------------------------------------------------


def prose_of(table: pd.DataFrame, folder: Path, language: str) -> str:
    with cheap():
        study = as_study(table, folder / "study.csv")
        made = composed(analyse(study, 0.05, 1, read_paper(PUBLISHED)), language)
        return " ".join(text_of([*made.documents.values()]).split())


def small(n: int = 24) -> pd.DataFrame:
    table = larger_study(n, seed=2)
    return table.assign(leak="no", leak_site="", leak_size="")


def test_a_score_that_nobody_has_is_left_out_with_its_reason(tmp_path: Path) -> None:
    table = larger_study(24, seed=2).assign(vas_1y="", odi_pre="", odi_1y="")
    spanish = prose_of(table, tmp_path, "es")
    assert "No se indica, porque estos datos no lo dan: Oswestry previo (%); Oswestry un año (%) (no consta" in spanish
    # Of a score that nobody has at one year, the last time that it was taken.
    assert re.search(r"La EAV media fue de \d,\d antes y de \d,\d al mes\.", spanish)
    nobody = table.assign(vas_post="", vas_1m="", odi_pre=50, odi_1y=20)
    english = prose_of(nobody, tmp_path, "en")
    assert "Not given, since these data do not give it: VAS one year (no value was recorded)." in english
    # What these data give stays.
    assert "The mean Oswestry was 50.0% (n = 17) before and 20.0% (n = 17) at one year." in english


def test_rows_of_men_alone_are_read_again(tmp_path: Path) -> None:
    men = as_study(larger_study(24, seed=2).assign(sex="Male"), tmp_path / "men.csv")
    write_rows(pseudonymise(men), tmp_path / "rows.csv")
    assert set(load(tmp_path / "rows.csv").patients["sex"]) == {"M"}


def test_without_a_leak_the_groups_are_left_out_with_the_reason(tmp_path: Path) -> None:
    english = prose_of(small(), tmp_path, "en")
    assert "Mean vertebral volume (cc): Mean, Leak" in english
    assert "0 vertebrae (0%, exact 95% interval 0 to " in english


def test_one_of_many_is_neither_none_nor_a_plural(tmp_path: Path) -> None:
    table = small(484)
    table.loc[7, ["leak", "leak_site", "leak_size"]] = ["yes", "disc", "massive"]
    with cheap():
        study = as_study(table, tmp_path / "study.csv")
        told = comparators_table(of(study, series=compare(1, 484, read_comparators())), "en")
    assert told.shown.iloc[0, 3] == "1/484 = 0.2% (0.005 to 1.1)"
    values: dict[str, Value] = {"study.leaks": 1, "study.rate": "0.2"}
    assert text_of(fill(parse("{study.leaks:vertebrae} ({study.rate}%)", set()), "en.md", values, "en")) == (
        "1 vertebra (0.2%)"
    )


def test_of_one_is_told_in_the_singular_and_without_an_interval(tmp_path: Path) -> None:
    table = larger_study(24, seed=2).head(1).assign(leak="yes", leak_site="disc", leak_size="massive")
    study = as_study(table, tmp_path / "one.csv")
    said = report(examine(tmp_path / "one.csv"), "en").splitlines()[0]
    assert said == "one.csv: 1 patient, 1 vertebra, 1 leak. No problem."
    means = outcome(Results(study), "en").shown["Mean"]
    assert len(means)
    assert not means.str.contains("–").any()


@pytest.mark.parametrize(
    ("written", "verdict", "computed"), [("", "not computable", "nan"), ("Ninguna", "differs", "0.0")]
)
def test_complications_of_which_nobody_wrote_a_word_are_not_judged(
    written: str, verdict: str, computed: str, paper: Paper, tmp_path: Path
) -> None:
    as_study(larger_study(24, seed=2).assign(complication=written), tmp_path / "study.csv")
    study = load(tmp_path / "study.csv")
    write_rows(pseudonymise(study), tmp_path / "rows.csv")
    for each in (study, load(tmp_path / "rows.csv")):
        row = judge(paper, paper["results.complications.n"], each)
        assert (row.verdict, str(row.computed.value)) == (verdict, computed)


def test_a_count_of_leaks_says_of_how_many_the_site_is_not_known(paper: Paper, tmp_path: Path) -> None:
    table = larger_study(24, seed=2)
    unknown = table.index[table["leak"] == "yes"][:2]
    table.loc[unknown, ["leak_site", "leak_size"]] = ""
    study = as_study(table, tmp_path / "study.csv")
    row = judge(paper, paper["results.leak_site.vascular.n"], study)
    assert (row.verdict, missing(row, study), cause(row, study)) == ("differs", 2, "missing")


def test_a_total_of_no_recorded_leak_has_no_percentage(tmp_path: Path) -> None:
    study = as_study(larger_study(24, seed=2).assign(leak_site="", leak_size=""), tmp_path / "study.csv")
    assert set(leak_kinds(Results(study), "es").shown.iloc[:, -1]) == {"0"}


def test_nothing_is_told_of_sizes_that_nobody_recorded(shipped: Dataset, tmp_path: Path) -> None:
    study = as_study(larger_study(24, seed=2).assign(leak_site="", leak_size=""), tmp_path / "study.csv")
    for dataset, told in ((study, False), (shipped, True)):
        results = Results(dataset)
        assert any(each.model == "ordinal" for each in results.estimates) == told
        assert any(each.question == "proportional_odds" for each in results.assumptions) == told
    # Each sentence of it in the report asks for it.
    assert "described by its site and size" in text_of(parse(source("supplement", "en"), {"kinds"}))
    assert "described by its site and size" not in text_of(parse(source("supplement", "en"), set()))

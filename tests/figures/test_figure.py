from __future__ import annotations

import csv
import io
import math
import os
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tests.figures.layout import Seen, digest, faults
from vpresearch.data import Dataset
from vpresearch.figures import Figure, LeftOut, write
from vpresearch.parallel.cache import shared_by_all
from vpresearch.render import labels

Draw = Callable[[str, Dataset, str], Figure]

# Words of a figure that are the same in both languages, beside numbers.
SAME = {"Posterior", "Lateral", "Anterior", "Vascular", "Oswestry (%)", "Kruskal-Wallis", "Mann-Whitney"}

_NAMES = ("figure1", "figure2", "leak_kinds", "outcome", "volumes")
_DRAW_ALL = f"""
import hashlib, sys
from vpresearch import figures
from vpresearch.data import load
from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.results import Results

dataset = load(RECONSTRUCTION)
for kind in sys.argv[1:]:
    for name in {_NAMES}:
        print(kind, name, hashlib.sha256(figures.FIGURES[name](Results(dataset), "es").to_bytes(kind)).hexdigest())
"""


def drawn(figure: Figure) -> list[str]:
    return [digest(content) for content in (figure.to_bytes("png"), figure.to_bytes("svg"), figure.to_csv().encode())]


# -- the same bytes ----------------------------------------------------------------------------------------------


def test_a_figure_has_the_same_bytes_twice(draw: Draw, draw_anew: Draw, name: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, "es")
    first = drawn(figure)
    assert drawn(figure) == first
    assert drawn(draw_anew(name, shipped, "es")) == first


@pytest.mark.long
def test_another_process_draws_the_same_bytes(draw: Draw, shipped: Dataset, tmp_path: Path) -> None:
    strange = {
        "PYTHONHASHSEED": "4242",
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "es_ES.UTF-8",
        "SOURCE_DATE_EPOCH": "86400",
        "MPLBACKEND": "svg",
    }
    # The reader's own style, too.
    style = "font.size: 20\nsvg.fonttype: none\naxes.facecolor: black\nsavefig.facecolor: green\nlines.linestyle: --\n"
    (tmp_path / "matplotlibrc").write_text(style, encoding="utf-8")
    command = [sys.executable, "-c", _DRAW_ALL, "png", "svg"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | strange, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        f"{kind} {name} {digest(draw(name, shipped, 'es').to_bytes(kind))}"
        for kind in ("png", "svg")
        for name in _NAMES
    ]


def test_a_figure_leaves_the_style_of_the_reader_alone(draw_anew: Draw, name: str, shipped: Dataset) -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    drawn(draw_anew(name, shipped, "es"))
    assert dict(mpl.rcParams) == before


def chunks(png: bytes) -> list[bytes]:
    """Kinds of the chunks of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    kinds, at = [], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kinds.append(png[at + 4 : at + 8])
        at += 12 + length
    return kinds


def test_no_program_date_or_path_is_written_into_an_image(draw: Draw, name: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, "es")
    assert set(chunks(figure.to_bytes("png"))) == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}
    svg = figure.to_bytes("svg").decode()
    ET.fromstring(svg)
    assert not re.search(r"<dc:(date|creator)>|[Mm]atplotlib v|20\d\d-\d\d", svg)
    # Text is drawn as paths, so a reader needs no font.
    assert "<text" not in svg


def test_the_png_is_what_a_notebook_shows(draw: Draw, name: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, "en")
    shown, words = figure._repr_png_()
    assert digest(shown) == digest(figure.to_bytes("png"))
    banner = f". {labels.text('banner.reconstruction', 'en')}" if figure.reconstruction else ""
    assert words == {"alt": f"{figure.caption}{banner}"}
    (width, height) = struct.unpack(">II", figure.to_bytes("png")[16:24])
    # Two columns of a journal, 170 mm, at 300 dots an inch.
    assert (width, height) == (2008, pytest.approx(2008 * np.divide(*figure.canvas.get_size_inches()[::-1]), abs=1))


def test_without_its_title_a_drawing_is_the_same_below(draw: Draw, name: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, "es")
    whole = imread(io.BytesIO(figure.to_bytes("png")))
    # The title ends where the drawing begins: no ink is cut through.
    assert (whole[50] == 1).all()
    before, after = figure.to_bytes("svg"), figure.untitled()
    (was,), (is_now,) = (
        re.findall(rb'height="(\S+)pt" viewBox="0 (\d+) (\S+) (\S+)"', each) for each in (before, after)
    )
    assert (was[1], is_now[1], was[2]) == (b"0", b"18", is_now[2])
    assert float(was[3]) - float(is_now[3]) == float(was[0]) - float(is_now[0]) == pytest.approx(18)
    assert before[before.index(b"<metadata") :] == after[after.index(b"<metadata") :]


def test_processes_of_one_run_draw_a_figure_once(
    draw: Draw, draw_anew: Draw, name: str, shipped: Dataset, tmp_path: Path
) -> None:
    alone = drawn(draw(name, shipped, "es"))
    with shared_by_all(tmp_path):
        first, second = draw_anew(name, shipped, "es"), draw_anew(name, shipped, "es")
        other = draw_anew(name, shipped, "en")
    assert hasattr(first, "canvas")
    assert not hasattr(second, "canvas")
    assert drawn(first) == drawn(second) == alone
    assert hasattr(other, "canvas")


# -- the plotted data --------------------------------------------------------------------------------------------


def test_the_csv_is_what_is_plotted_with_every_digit(draw: Draw, name: str, language: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, language)
    header, *lines = csv.reader(io.StringIO(figure.to_csv()))
    marks = ["data"] * figure.reconstruction
    assert header == [*marks, *figure.data]
    for line, values in zip(lines, figure.data.itertuples(index=False), strict=True):
        assert line[: len(marks)] == ["reconstruction"] * figure.reconstruction
        for cell, value in zip(line[len(marks) :], values, strict=True):
            empty = isinstance(value, float) and math.isnan(value)
            assert cell == "" if empty else type(value)(cell) == value
    assert figure.to_csv() == draw(name, shipped, "es").to_csv()


def test_real_data_are_not_called_a_reconstruction(
    draw: Draw, name: str, language: str, shipped: Dataset, studies: dict[str, Dataset], seen: Seen
) -> None:
    banner = labels.text("banner.reconstruction", language)
    for dataset in (shipped, studies["plain"]):
        figure = draw(name, dataset, language)
        # No data enter the audit.
        marked = dataset.reconstruction and name != "audit_p"
        assert figure.reconstruction == marked
        assert [text.get_text() for text in seen(figure)].count(banner) == marked
        assert ("reconstruction" in figure.to_csv()) == marked


def test_one_figure_shows_single_vertebrae(draw: Draw, name: str, shipped: Dataset) -> None:
    assert draw(name, shipped, "es").row_level == (name == "volumes")


@pytest.mark.parametrize(("figure_name", "place"), [("volumes", "private"), ("figure1", "figures")])
def test_single_patients_values_stay_private(
    draw: Draw, figure_name: str, place: str, shipped: Dataset, studies: dict[str, Dataset], tmp_path: Path
) -> None:
    figure = draw(figure_name, studies["plain"], "es")
    real, made = tmp_path / "real", tmp_path / "made"
    assert write(figure, real / "figures") is figure
    expected = {f"figures/{figure_name}.png", f"figures/{figure_name}.svg", f"{place}/{figure_name}.csv"}
    assert {path.relative_to(real).as_posix() for path in real.rglob("*.*")} == expected
    for kind in ("png", "svg"):
        assert digest((real / "figures" / f"{figure_name}.{kind}").read_bytes()) == digest(figure.to_bytes(kind))
    assert (real / place / f"{figure_name}.csv").read_bytes() == figure.to_csv().encode()
    write(draw(figure_name, shipped, "es"), made / "figures")
    assert not (made / "private").exists()
    assert (made / "figures" / f"{figure_name}.csv").exists()


@pytest.mark.parametrize("min_cell", [2, 40])
def test_a_public_figure_has_no_points_and_no_small_counts(
    draw: Draw, name: str, shipped: Dataset, tmp_path: Path, min_cell: int
) -> None:
    figure = draw(name, replace(shipped, reconstruction=False), "en")
    shown = write(figure, tmp_path / "figures", min_cell)
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    drawn = name == "audit_p" or (min_cell == 2 and name in {"figure1", "figure2", "outcome"})
    place = "figures" if drawn else "private"
    assert made == {f"{place}/{name}.png", f"{place}/{name}.svg", f"private/{name}.csv"}
    if drawn:
        assert shown is figure
    else:
        assert isinstance(shown, LeftOut)
        assert not hasattr(shown, "_repr_png_")
        assert shown._repr_markdown_().startswith(f"*{figure.caption}* – left out of a public run")
        assert f"below {min_cell}" in shown._repr_markdown_()


def test_the_text_of_a_figure_holds_no_data(draw: Draw, name: str, shipped: Dataset) -> None:
    figure = draw(name, shipped, "es")
    assert repr(figure) == f"<Figure {name}>"
    assert repr(LeftOut(figure, 5)) == f"LeftOut(figure=<Figure {name}>, min_cell=5)"


# -- words -------------------------------------------------------------------------------------------------------


def test_every_word_is_in_the_language_of_the_figure(
    draw: Draw, name: str, studies: dict[str, Dataset], seen: Seen
) -> None:
    spanish, english = (
        [text.get_text() for text in seen(draw(name, studies["plain"], language))] for language in ("es", "en")
    )
    assert len(spanish) == len(english)
    equal = {word for word, other in zip(spanish, english, strict=True) if word == other}
    equal -= {word for word in equal if re.sub(r"( \(n = \d+\)|\n\d+%)$", "", word) in SAME}
    assert {word for word in equal if re.search("[A-Za-z]", word)} == set()
    numbers = [word for word in spanish if re.fullmatch(r"[\d.,]+", word)]
    assert not any("." in number for number in numbers)


def test_the_caption_heads_the_figure(draw: Draw, name: str, language: str, shipped: Dataset, seen: Seen) -> None:
    figure = draw(name, shipped, language)
    assert figure.caption in [text.get_text() for text in seen(figure)]
    assert figure.name == name


# -- layout ------------------------------------------------------------------------------------------------------


def test_no_text_is_cut_or_lies_on_another(
    draw: Draw, name: str, language: str, shipped: Dataset, studies: dict[str, Dataset], seen: Seen
) -> None:
    for dataset in [shipped, studies["plain"], studies["large"]][: 1 if name == "audit_p" else 3]:
        figure = draw(name, dataset, language)
        assert faults(figure, seen(figure)) == []


@pytest.mark.parametrize("leaks", [0, 1, 41])
@pytest.mark.parametrize("figure_name", _NAMES)
def test_few_leaks_or_nothing_else_can_be_drawn(
    draw: Draw, figure_name: str, language: str, leaks: int, leaking: Callable[..., Dataset], seen: Seen
) -> None:
    figure = draw(figure_name, leaking(leaks, 41), language)
    assert faults(figure, seen(figure)) == []


def test_scores_near_the_end_of_the_scale_stay_on_the_canvas(
    draw: Draw, rows: list[dict[str, str]], leaking: Callable[..., Dataset], seen: Seen
) -> None:
    for row in rows:
        row["vas_pre"] = {"Iturbe-58": "10", "Quesada-31": "8"}.get(row["patient_id"], "9")
        row["odi_pre"] = {"Iturbe-58": "100", "Quesada-31": "96"}.get(row["patient_id"], "98")
    figure = draw("outcome", leaking(1), "es")
    assert faults(figure, seen(figure)) == []
    assert {"9,0", "98,0"} <= {text.get_text() for text in seen(figure)}


def test_a_score_of_one_patient_is_drawn(
    draw: Draw, rows: list[dict[str, str]], leaking: Callable[..., Dataset], seen: Seen
) -> None:
    for row in rows:
        row["odi_1y"] = "20" if row["patient_id"] == "Quesada-31" else ""
    figure = draw("outcome", leaking(1), "es")
    (value,) = figure.data.loc[figure.data["variable"] == "odi_1y", "mean"]
    assert math.isclose(value, 20)
    assert "20,0" in [text.get_text() for text in seen(figure)]
    assert faults(figure, seen(figure)) == []

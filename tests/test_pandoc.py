from __future__ import annotations

import os
from multiprocessing import get_context
from pathlib import Path

import pytest

from vpresearch.core.errors import VPResearchError
from vpresearch.render import pandoc
from vpresearch.render.pandoc import convert, read, text_of, words, write


def test_markdown_is_read() -> None:
    assert [block["t"] for block in read("# A {#a}\n\nB")] == ["Header", "Para"]


@pytest.mark.parametrize("said", ["One", r"a \n b \r c \b d \\ e", "tamaño – año"])
def test_an_answer_has_lines_and_backslashes_of_its_own(said: str) -> None:
    blocks = [pandoc.para(words(said)), pandoc.para(words("Two"))]
    assert write(blocks, "html").decode() == f"<p>{said}</p>\n<p>Two</p>"
    assert write(blocks, "docx")[:2] == b"PK"


def test_a_failure_is_told() -> None:
    with pytest.raises(VPResearchError, match="could not write the report; it says: Unknown input format no"):
        convert("", "no-such-format", "json")
    assert text_of(read("It goes on.")) == "It goes on."


def test_a_picture_that_is_in_no_folder_leaves_its_words(tmp_path: Path) -> None:
    """Nor is one taken from an earlier document."""
    blocks = read("![What is seen](one.png)")
    (tmp_path / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert b"media/" in write(blocks, "docx", folder=str(tmp_path))
    assert b"media/" not in write(blocks, "docx")


def test_after_an_end_there_is_another() -> None:
    pandoc._started(os.getpid())._process.kill()
    with pytest.raises(VPResearchError, match="exit -9"):
        convert("Words.", "markdown", "html")
    assert convert("Words.", "markdown", "html") == b"<p>Words.</p>"


def test_a_copy_of_a_process_asks_its_own() -> None:
    convert("Words.", "markdown", "html")
    with get_context("fork").Pool(2) as pool:
        told = pool.starmap(convert, [(f"Words {n}.", "markdown", "html") for n in range(20)], chunksize=1)
    assert told == [f"<p>Words {n}.</p>".encode() for n in range(20)]

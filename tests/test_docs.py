"""What is written for readers: every link, file, command, option, name and example in it is there and works."""

from __future__ import annotations

import csv
import doctest
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser, _SubParsersAction
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import vpresearch as vp
from vpresearch import cli
from vpresearch.core.paths import ROOT

PAGES = sorted(
    [*ROOT.glob("docs/*.md"), *ROOT.glob("data/**/README.md"), ROOT / "CONTRIBUTING.md", ROOT / "REVIEWING.md"]
)
PAGES += [ROOT / "README.md", ROOT / "README.es.md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# What a reader brings or a run writes into folders of its own, and the names that stand for any.
OF_THE_READER = re.compile(
    r"(build|private|report|review|data[/\\]raw)[/\\]|.*\b(study|estudio|marked|marcado|long|largo|paper)\b|.*NAME"
)
PATH = re.compile(r"[\w.-]+([/\\][\w.*-]+)+/?|[\w-]+\.(md|py|pyi|csv|yaml|yml|json|toml|lock|html|cff|npz|ipynb)|\w+/")
# Programs of others that the pages name, with options of their own.
OTHERS = ("git", "py", "python", "python3", "dask", "cmd", "cd", "uv", ".venv/bin/pytest", ".ci/", "python -m")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *kinds: str) -> list[str]:
    """The code blocks of some kinds."""
    return [text for kind, text in re.findall(r"^```(\S*)\n(.*?)^```", read(page), re.M | re.S) if kind in kinds]


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", read(page), flags=re.M | re.S)


def said(page: Path) -> list[str]:
    """What stands in the prose as code."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def commands(page: Path) -> Iterator[list[str]]:
    """Every command line, in a block or in the prose, as words; of Windows too."""
    lines = [line for block in blocks(page, "sh", "bat") for line in block.splitlines()]
    lines += [text for text in said(page) if re.match(r"(\.venv\S+)?(vpresearch|make) \S", text)]
    for line in lines:
        plain = re.sub(r"^\.venv/(bin|Scripts)/(?=vpresearch)", "", line.replace("\\", "/"))
        if words := shlex.split(plain, comments=True):
            yield words


def parsers() -> dict[str, ArgumentParser]:
    (found,) = [action for action in cli._parser("en")._actions if isinstance(action, _SubParsersAction)]
    return dict(found.choices)


OPTIONS = {option for parser in parsers().values() for option in parser._option_string_actions}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        assert not link.startswith("http"), f"{link}: a page needs no network"
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", read(target), re.M)
            assert heading in {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}, link


@every_page
def test_every_command_is_one_that_it_understands(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in commands(page):
        line = " ".join(words)
        if words[0] == "make":
            targets = [word for word in words[1:] if "=" not in word]
            assert len(targets) == 1, line
            assert targets[0] == "NAME" or re.search(rf"^{targets[0]}:", MAKEFILE, re.M), line
            for name in (word.split("=")[0] for word in words[1:] if "=" in word):
                assert f"$({name})" in MAKEFILE or name == "PYTHON", line
        elif words[0] == "vpresearch" and "NAME" not in words:
            try:
                cli._options([word for word in words[1:] if word not in ("--help", "...")], "en")
            except SystemExit:
                # The program alone, with its help.
                assert words[1:] in (["--help"], ["--help", "--language", "en"]), f"{line}: {capsys.readouterr().err}"
        else:
            assert line.startswith((*OTHERS, ".venv/Scripts/python")) or "NAME" in words, line


@every_page
def test_every_option_and_setting_is_one_of_a_command(page: Path) -> None:
    for text in said(page):
        if re.match(r"--\w", text):
            assert text.split()[0] in OPTIONS | {"--help", "--upgrade", "--host"}, text
        if match := re.fullmatch(r"([A-Z_]{3,})=\S*", text):
            assert f"$({match[1]})" in MAKEFILE, text


@every_page
def test_every_file_that_is_named_is_there_or_written_by_the_package(page: Path) -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    for text in said(page):
        if PATH.fullmatch(text) and not OF_THE_READER.match(text) and not text.startswith((".venv", "tcp:")):
            places = (ROOT, page.parent, ROOT / "src" / "vpresearch")
            there = any(list(place.glob(text.rstrip("/"))) for place in places)
            assert there or f'"{text}"' in source, text


def modules() -> dict[str, list[str]]:
    """Every module of the package, by the last part of its name."""
    package = ROOT / "src"
    found: dict[str, list[str]] = {}
    for path in (package / "vpresearch").rglob("*.py"):
        parts = path.relative_to(package).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        found.setdefault(parts[-1], []).append(".".join(parts))
    return found


@every_page
def test_every_name_of_the_code_is_there(page: Path) -> None:
    known = {"vp": ["vpresearch"], **modules()}
    for text in said(page):
        match = re.fullmatch(r"(?:vpresearch\.)?(\w+)\.(\w+)(?:\(.*\))?", text)
        if match and match[1] in known and not re.search(r"\.(py|md|csv|yaml|html|docx|json)$", text):
            assert any(hasattr(import_module(name), match[2]) for name in known[match[1]]), text


@every_page
def test_every_example_gives_what_it_shows(page: Path) -> None:
    assert not blocks(page, "pycon", "py")
    # What is to be added to a file is tried by tests/test_recipes.py.
    source = "\n".join(block for block in blocks(page, "python") if not block.startswith("# src/"))
    example = doctest.DocTestParser().get_doctest(source, {}, page.name, None, None)
    told: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(example, out=told.append).failed == 0, "".join(told)
    assert example.examples or not source


def test_the_library_page_has_every_public_name_once() -> None:
    page = read(ROOT / "docs" / "api.md")
    named = re.findall(r"^\.\. auto(?:class|function):: (\w+)$", page, re.M)
    named += [name.removeprefix("vpresearch.") for name in re.findall(r"^\.\. automodule:: (\S+)$", page, re.M)]
    assert sorted([*named, "ENSEMBLE", "PUBLISHED", "RECONSTRUCTION"]) == vp.__all__
    assert all(f"`{name}`" in page for name in ("ENSEMBLE", "PUBLISHED", "RECONSTRUCTION"))


def test_every_page_is_reached_from_the_first() -> None:
    first = ROOT / "docs" / "index.md"
    links = {(first.parent / link).resolve() for link in re.findall(r"\]\(([^)\s]+\.md)\)", read(first))}
    apart = {first, ROOT / "README.md", ROOT / "README.es.md", ROOT / "data" / "raw" / "README.md"}
    assert links == set(PAGES) - apart


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_a_readme_is_one_screen_of_short_lines(name: str) -> None:
    lines = read(ROOT / name).splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 150


def test_the_readme_counts_the_verdicts_as_they_are() -> None:
    with (ROOT / "tables" / "scorecard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counts, implied = Counter(row["verdict"] for row in rows), sum("mplied by" in row["reason"] for row in rows)
    text, spanish = (" ".join(read(ROOT / name).split()) for name in ("README.md", "README.es.md"))
    held, n = counts["by construction"], counts.total()
    assert f"{held} of the paper's {n} claims hold *by construction* ({implied} because others imply them)" in text
    assert f"los {n} datos del artículo, {held} se cumplen *por construcción* ({implied} porque otros" in spanish
    assert counts["unattainable"] == 1
    assert "one is *unattainable*" in text
    assert "uno es *inalcanzable*" in spanish


@pytest.mark.parametrize("name", ["README.md", "README.es.md"])
def test_the_readme_says_what_the_licence_of_pingouin_means(name: str) -> None:
    from importlib.metadata import metadata

    assert metadata("pingouin")["License"] == "GPL-3.0"
    assert {"pingouin", "GPL-3.0", "MIT"} <= set(re.findall(r"[\w.-]*\w", read(ROOT / name)))


@pytest.mark.long
def test_the_site_is_built_and_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", "-d", str(tmp_path / "read")]
    done = subprocess.run(
        [*command, ".", str(tmp_path / "site")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    pages = [path for path in (tmp_path / "site").rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > len(PAGES) - 3
    asset = re.compile(
        r"<(?:link|script|img|iframe)\b[^>]*?\b(?:href|src)=[\"'](?:https?:)?//|url\([\"']?(?:https?:)?//|@import"
    )
    files = [*pages, *(tmp_path / "site").rglob("*.css")]
    assert [path.name for path in files if asset.search(path.read_text(encoding="utf-8"))] == []

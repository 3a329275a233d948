"""Every problem has its words in both languages, and nothing but what it was given stands in them."""

from __future__ import annotations

import ast
import contextlib
import errno
import io
import pickle
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from tests.parts import source
from vpresearch import cli
from vpresearch.core.errors import (
    LANGUAGES,
    MOST_LISTED,
    InputError,
    Problem,
    _spell,
    failure,
    line,
    listed,
    of_the_system,
    progress_bar,
    refused,
    say,
    say_anything,
    speaking,
    spoken,
    tell,
    told,
    words,
)
from vpresearch.run.runner import NotebookError

# What of the locale files is said in a terminal.
SAID = (
    "where",
    "unit",
    "identifier",
    "problem",
    "validation",
    "console",
    "progress",
    "help",
    "argparse",
    "verify",
    "stale",
)


@cache
def asked() -> set[str]:
    """Codes that the code tells, by any of the ways that it has."""
    found: set[object] = set()
    for place, tree in source().items():
        for node in ast.walk(tree):
            told: list[ast.expr] = []
            match node:
                case ast.Call(func=ast.Name(id="tell"), keywords=[ast.keyword(arg="wording"), *_]):
                    # What the code itself is called has no words.
                    pass
                case ast.Call(func=ast.Name(id="tell" | "failure" | "fault" | "Unreadable"), args=[first, *_]):
                    told = [first]
                case ast.Call(func=ast.Name(id="Failure" | "Form"), args=[_, second, *_]):
                    told = [second]
                case ast.Call(func=ast.Name(id="refused"), args=[_, second, *_]):
                    told = [second]
                case ast.Tuple(elts=[ast.Constant() as first, ast.Dict()]) if place.endswith("/cells.py"):
                    told = [first]
                case ast.Return(value=ast.expr() as value) if place.endswith("/units.py"):
                    told = [value]
                case ast.keyword(arg="wording", value=value):
                    told = [value]
            found |= {part.value for given in told for part in ast.walk(given) if isinstance(part, ast.Constant)}
    return {code for code in found if isinstance(code, str) and re.fullmatch("[a-z]+(_[a-z0-9]+)+|date|macros", code)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_its_words(language: str) -> None:
    codes = asked()
    assert {"too_large", "missing_value", "merged_cells", "file_exists", "no_header", "external_link"} <= codes
    # One code has two wordings, and none of its own.
    assert {"unit_mm3", "date", "not_a_number", "missing_column_or_empty"} <= codes
    assert {"paper_key_unknown", "paper_no_size", "notebook_slow", "beyond_64_bits", "series_column"} <= codes
    others = {"out_of_range", "cement_volume_cc", "vertebral_volume_cc", "identifier_dropped", "too_few_for_public"}
    # Each row that is no vertebra says what it is.
    others |= {"no_vertebra"}
    assert codes - others <= set(words(language)["problem"])


def test_all_words_end_as_sentences_do() -> None:
    for language in LANGUAGES:
        for code, own in words(language)["problem"].items():
            assert list(own) == ["message", "remedy"], code
            assert all(re.fullmatch(r"([A-ZÁÉÍÓÚÑ]|\{name\}: [a-zñ{]).*\.", said) for said in own.values()), code


def fields(code: str, language: str) -> dict[str, Any]:
    own = words(language)["problem"][code]
    names = {name for said in own.values() for _, name, _, _ in Formatter().parse(said) if name}
    given = {"unit": "cc", "limit": 0.5, "kind": "phone", "variable": {"es": "Edad", "en": "Age"}}
    return {name: given.get(name, "X") for name in names}


@pytest.mark.parametrize("code", words("en")["problem"])
def test_a_problem_is_told_in_both_languages(code: str) -> None:
    problem = tell(code, **fields(code, "en"))
    spanish = told(problem, "es")
    assert (spanish.message, spanish.remedy) != (problem.message, problem.remedy)
    assert "{" not in spanish.message + spanish.remedy + problem.message + problem.remedy
    assert told(spanish, "en") == problem


def test_numbers_and_units_are_in_the_language() -> None:
    problem = tell("out_of_range", wording="below_minimum", limit=0.1, unit="years")
    assert told(problem, "es").message == "El valor es menor que el mínimo, 0,1 años."
    assert problem.message == "The value is below the minimum of 0.1 years."


def test_braces_in_a_header_are_only_braces() -> None:
    assert "{0} and {x.y}" in tell("column_twice", first="{0}", second="{x.y}").message


def test_a_problem_with_words_of_its_own_keeps_them() -> None:
    problem = Problem("strange", "It is odd.", "Mend it.")
    assert told(problem, "es") is problem
    assert line(problem, "es") == "It is odd. Mend it."


def test_of_very_many_problems_the_first_are_listed() -> None:
    problems = [tell("missing_value", row=n, column="Edad") for n in range(MOST_LISTED + 7)]
    for written, rest in (
        (listed("a.csv", problems, "es"), "y 7 más"),
        (str(InputError("a.csv", problems)), "and 7 more"),
    ):
        assert len(written.splitlines()) == MOST_LISTED + 2
        assert written.splitlines()[-1].strip() == rest


# -- no sentence stands in the code -------------------------------------------------------------------------------


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def sentences(nodes: Iterable[ast.AST]) -> list[str]:
    """Constant words in some expressions, but for keys of a dictionary of words."""
    walked = [part for node in nodes for part in ast.walk(node)]
    keys = {id(key) for part in walked if isinstance(part, ast.Subscript) for key in ast.walk(part.slice)}
    parts = (part for part in walked if isinstance(part, ast.Constant) and id(part) not in keys)
    return [
        part.value for part in parts if isinstance(part.value, str) and re.search(r"[^\W\d_] | [^\W\d_]", part.value)
    ]


@cache
def classes() -> set[str]:
    """Every kind of error that the package raises for its users."""
    found, bases = {"VPResearchError"}, {}
    for tree in source().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {name_of(base) for base in node.bases}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def typed_in(tree: ast.AST, errors: set[str]) -> Iterator[tuple[int, list[str]]]:
    """Words that a user meets and that no locale file holds, by line."""
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        match node:
            case ast.Call(func=ast.Name(id="print")):
                given = [ast.Constant("a print")]
            case ast.Call(func=ast.Attribute(attr="write", value=ast.Attribute(attr="stdout" | "stderr"))):
                given = [ast.Constant("a write")]
            case ast.Call(func=ast.Name(id="say"), args=[first, *_]):
                given = [first]
            case ast.Call(func=ast.Name(id="Problem"), args=[_, *rest]):
                given = rest
            case ast.Call(func=ast.Attribute(attr="ArgumentParser" | "add_argument" | "add_parser")):
                given = [each.value for each in node.keywords if each.arg in {"help", "description", "epilog"}]
            case ast.Call(func=func, args=args) if name_of(func) in errors | {"ArgumentTypeError", "tqdm"}:
                given = [] if "InputError" in name_of(func) else args
        if found := sentences(given):
            yield getattr(node, "lineno", 0), found


def test_no_sentence_that_a_user_meets_is_typed_into_the_code() -> None:
    errors = classes()
    assert {"InputError", "NotebookError", "NotFoundError", "LatticeTooLargeError"} <= errors
    for place, tree in source().items():
        found = list(typed_in(tree, errors))
        allowed = [["a print"]] if place == "core/errors.py" else []
        assert [words for _, words in found] == allowed, f"{place}: {found}"


@pytest.mark.parametrize(
    "code",
    [
        "print(1)",
        "sys.stderr.write(text)",
        "say(f'{n} rows were read')",
        "raise VPResearchError('It is odd.')",
        "raise NotebookError(f'{name} failed')",
        "Problem('odd', 'It is odd.', '')",
        "parser.add_argument('--x', help='what it does')",
        "raise argparse.ArgumentTypeError('must be odd')",
        "tqdm(items, 'rows of data')",
    ],
)
def test_a_sentence_typed_in_is_found(code: str) -> None:
    assert list(typed_in(ast.parse(code), classes()))


# -- the terminal -------------------------------------------------------------------------------------------------

SIGNS = "n.º 1: ≥ 3 cc, −0,5 · «año» ½ χ² 漢 \udce9 🙂"


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp850", "cp1252", "latin-1", "utf-8", "cp037"])
def test_every_sign_is_written_whatever_the_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    say_anything()
    say(SIGNS)
    say(SIGNS, sys.stderr)
    shown = []
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        shown.append(stream.buffer.getvalue().decode(encoding))
    assert shown[0] == shown[1]
    assert (">= 3 cc" in shown[0]) == (encoding not in {"utf-8", "cp437"})
    if encoding == "ascii":
        assert shown[0] == r'n.o 1: >= 3 cc, -0,5 - "ano" \xbd chi2 \u6f22 \udce9 \U0001f642' + "\n"


def test_what_we_say_itself_needs_no_escapes() -> None:
    said = set("".join(str(words(language)[section]) for language in LANGUAGES for section in SAID))
    with_escape = [sign for sign in said if "\\" in sign.encode("ascii", _spell.__name__).decode() and sign != "\\"]
    assert with_escape == []


def test_a_line_steers_no_terminal_and_turns_no_letters(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    say("a\x1b[2J\x07b\r\u202ec\u200bd\x9b\ue000\u2028e\nsegunda línea")
    assert capsys.readouterr().out == ("a\\x1b[2J\\x07b\\r\\u202ec\\u200bd\\x9b\\ue000\\u2028e\nsegunda línea\n")
    for arguments in (
        ["validate", str(tmp_path / "a\x1b[2J\u202eb\n.csv")],
        ["reproduce", "--only", "\x1b]0;x\x07"],
        ["validate", "a", "\x1b[2J"],
        ["reproduce", "--seed", "\x1b[2J"],
    ):
        with contextlib.suppress(SystemExit):
            cli.main(arguments)
        said = "".join(capsys.readouterr())
        assert said.endswith("\n")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said), arguments


def test_a_cell_and_a_name_of_a_file_stay_on_their_line() -> None:
    problem = tell("not_a_number", cell="C2", unit="years")
    said = listed("a\n.csv", [problem], "es", {"C2": "\x1b[2J\u202e7\n8"})
    assert said.splitlines()[0] == r"a\n.csv: 1 problema"
    assert r"«\x1b[2J\u202e7\n8»" in said.splitlines()[1]


def test_an_error_is_told_in_the_language_of_the_command() -> None:
    errors = [
        refused("a.csv", "no_rows"),
        failure("cluster_lost", scheduler="x"),
        failure("notebook_made_nothing", NotebookError, notebook="a", output="b"),
    ]
    for error in errors:
        again, english = pickle.loads(pickle.dumps(error)), str(error)
        assert (type(again), str(again)) == (type(error), english)
        with speaking("es"):
            assert spoken() == "es"
            assert str(again) != english
    assert (spoken(), type(errors[2])) == ("en", NotebookError)


def test_a_bar_speaks_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    for language, words_of in (
        ("es", "búsquedas: 100%.* 3 de 3, quedan 00:00"),
        ("en", "searches: 100%.* 3 of 3, 00:00 left"),
    ):
        assert list(progress_bar("searches", 3, language, range(3))) == [0, 1, 2]
        assert re.search(words_of, capsys.readouterr().err)
    list(progress_bar("searches", 3, None, range(3)))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "source", "code"),
    [
        (OSError(errno.EROFS, "", "ro/a.csv"), "a.csv", "cannot_write"),
        (PermissionError(errno.EACCES, "", b"a.csv"), "a.csv", "no_permission"),
        (OSError(errno.EMFILE, ""), "vpresearch", "too_many_files"),
        (OSError(errno.ENOSPC, "", "out/private/.staging-1-x/private/0a1b"), "out", "disk_full"),
        (FileNotFoundError(errno.ENOENT, "", "requirements.lock"), "requirements.lock", "file_gone"),
        (NotADirectoryError(errno.ENOTDIR, "", f"{__file__}/private/x"), Path(__file__).name, "file_in_the_way"),
        (BlockingIOError(errno.EAGAIN, ""), "vpresearch", "no_memory"),
        (RuntimeError("can't start new thread"), "vpresearch", "no_memory"),
        (MemoryError(), "vpresearch", "no_memory"),
    ],
)
def test_what_the_system_refuses_is_told_as_such(error: Exception, source: str, code: str) -> None:
    said = of_the_system(error)
    assert said is not None
    assert (said.source, [problem.code for problem in said.problems]) == (source, [code])


@pytest.mark.parametrize("error", [ValueError("1"), OSError("no number"), OSError(errno.EINVAL, ""), KeyError("errno")])
def test_what_may_be_a_fault_of_ours_is_not_laid_on_the_system(error: Exception) -> None:
    assert of_the_system(error) is None

"""Pandoc, which reads and writes documents, and their tree of blocks and words."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import pypandoc

from vpresearch.core.errors import failure

Node = dict[str, Any]

# Prose only: no TeX, no HTML, and quotation marks as they are typed.
_MARKDOWN = "markdown-smart-tex_math_dollars-raw_tex-raw_html-example_lists-auto_identifiers"
# Where pandoc and typst look for their pages.
TEMPLATES = Path(__file__).parent / "templates"
# An answer is one line of any bytes: these stand for what would end it, on every system.
_WITHIN_A_LINE = ((rb"\n", b"\n"), (rb"\r", b"\r"), (rb"\b", b"\\"))
_MARKS = 1000


def read(prose: str) -> list[Node]:
    """Read Markdown into blocks."""
    blocks: list[Node] = json.loads(convert(prose, _MARKDOWN, "json"))["blocks"]
    return blocks


def write(blocks: Sequence[Node], to: str, meta: Mapping[str, str] | None = None, **asked: Any) -> bytes:
    """Write blocks in a format of pandoc."""
    told = {name: {"t": "MetaInlines", "c": words(text)} for name, text in (meta or {}).items()}
    tree = {"pandoc-api-version": [1, 23, 1], "meta": told, "blocks": list(blocks)}
    return convert(json.dumps(tree), "json", to, **asked)


def cite(blocks: Sequence[Node], bibliography: Path, style: Path) -> list[Node]:
    """Resolve the citations of blocks by pandoc's own processor, the same for every format."""
    cited: list[Node] = json.loads(write(blocks, "json", bibliography=str(bibliography), style=str(style)))["blocks"]
    return cited


def convert(given: str, of: str, to: str, **asked: Any) -> bytes:
    """Turn a text of one format into another; the formats, and what is asked beyond, are pandoc's."""
    return _started(os.getpid()).answer({"given": given, "from": of, "to": to} | asked)


class _Program:
    """Pandoc, waiting to be asked: to start it anew for each is a third of all that it does.

    It ends when nobody is left who could ask it, however they ended.
    """

    def __init__(self) -> None:
        # It reads no setting of the user's own.
        command = [pypandoc.get_pandoc_path(), "lua", str(TEMPLATES / "pandoc.lua")]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, env=environment)
        assert process.stdin
        assert process.stdout
        self._process, self._asked, self._answers = process, process.stdin, process.stdout
        self._one = Lock()
        # A copy of this process leaves it alone.
        atexit.register(lambda owner: self.end() if os.getpid() == owner else None, os.getpid())

    def answer(self, asked: Mapping[str, Any]) -> bytes:
        """Let it do what is asked, one thing at a time."""
        with self._one:
            with suppress(BrokenPipeError):
                self._asked.write(json.dumps(asked).encode() + b"\n")
                self._asked.flush()
            line = self._answers.readline().rstrip(b"\r\n")
        if not line:
            # The next one who asks gets another.
            _started.cache_clear()
            raise failure("pandoc_failed", said=f"exit {self.end()}")
        said = line[1:]
        for mark, meant in _WITHIN_A_LINE:
            said = said.replace(mark, meant)
        if line[:1] != b"+":
            raise failure("pandoc_failed", said=said.decode(errors="replace").strip())
        return said

    def end(self) -> int:
        """End it, and say how it ended."""
        self._process.kill()
        self._process.communicate()
        return self._process.returncode


@lru_cache(maxsize=1)
def _started(_process: int) -> _Program:
    # Each process has its own: a copy of it would read the answers of others.
    return _Program()


# -- parts of the tree -----------------------------------------------------------------------------------------------


def words(text: str) -> list[Node]:
    """Return the inline nodes of plain words, of which none is taken as markup."""
    first, *others = text.split() or [""]
    # What begins a line may mean more than it says, and pandoc sees to that by word; for others a word would be slow.
    apart = [{"t": "Space"}, {"t": "Str", "c": " ".join(others)}] if others else []
    return [{"t": "Str", "c": first}, *apart] if first else []


def strong(nodes: list[Node]) -> Node:
    """Return inline nodes in bold."""
    return {"t": "Strong", "c": nodes}


def para(nodes: list[Node]) -> Node:
    """Return a paragraph."""
    return {"t": "Para", "c": nodes}


def plain(nodes: list[Node]) -> Node:
    """Return the words of a cell."""
    return {"t": "Plain", "c": nodes}


def div(style: str, blocks: list[Node]) -> Node:
    """Return blocks of a style: a class in HTML, a paragraph style in DOCX."""
    return {"t": "Div", "c": [["", [style], [["custom-style", style]]], blocks]}


def raw(form: str, text: str) -> Node:
    """Return text that one output format alone takes over as it is."""
    return {"t": "RawBlock", "c": [form, text]}


def raw_words(form: str, text: str) -> Node:
    """Return words among others that one output format alone takes over as they are."""
    return {"t": "RawInline", "c": [form, text]}


def counted(kind: str, number: str) -> list[Node]:
    """Return the number of a caption, which Word counts by itself, marked for those who refer to it."""
    series, count = number[: number.startswith("S")], number.removeprefix("S")
    # Word asks for marks of different numbers in a document; pandoc's own are small.
    mark = f"{_MARKS + ord(kind[0])}{len(series)}{count:0>3}"
    field = f'<w:fldSimple w:instr=" SEQ {kind}{"_S" if series else ""} \\* ARABIC ">'
    return [
        raw_words("openxml", f'<w:bookmarkStart w:id="{mark}" w:name="{_name(kind, number)}"/>'),
        *words(series),
        raw_words("openxml", field),
        *words(count),
        raw_words("openxml", f'</w:fldSimple><w:bookmarkEnd w:id="{mark}"/>'),
    ]


def referred(kind: str, number: str) -> list[Node]:
    """Return the number of an exhibit of the same document, which Word takes from its caption."""
    field = f'<w:fldSimple w:instr=" REF {_name(kind, number)} \\h ">'
    return [raw_words("openxml", field), *words(number), raw_words("openxml", "</w:fldSimple>")]


def _name(kind: str, number: str) -> str:
    # Word hides marks that begin so.
    return f"_Ref_{kind}_{number}"


def text_of(node: object) -> str:
    """Return the words of a node or of a list of nodes."""
    return "".join(" " if part["t"] in {"Space", "SoftBreak", "LineBreak"} else str(part["c"]) for part in leaves(node))


def leaves(node: object) -> Iterator[Node]:
    """Walk over the words, blanks and code in a node or a list of nodes, in reading order."""
    if isinstance(node, dict):
        if node.get("t") in {"Str", "Space", "SoftBreak", "LineBreak"}:
            yield node
        else:
            yield from leaves(node.get("c", []))
    elif isinstance(node, list):
        for part in node:
            yield from leaves(part)

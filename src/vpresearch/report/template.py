"""The prose of a report: Markdown in which every number is a key, and nothing is typed in."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from vpresearch.core.errors import InputError, Problem, tell
from vpresearch.render import labels
from vpresearch.render.pandoc import Node, cite, leaves, read, referred, text_of, words
from vpresearch.report.values import Missing, Value, write

TEMPLATES = Path(__file__).parent / "templates"
_KEY = re.compile(r"\{([a-z][\w.\-]*)(?::([a-z%\d]+))?\}")
_SHOWN = re.compile(r"\{show\.([\w.]+)\}")
# Keys that tell of the slope of leak on fill.
_OF_SLOPE = ("models.", "leak_risk.", "dose.", "precision.", "specification.", "assumptions.", "validation.")


def source(name: str, language: str) -> str:
    """Read the template of a document."""
    return (TEMPLATES / f"{name}.{language}.md").read_text(encoding="utf-8")


def parse(prose: str, facts: set[str]) -> list[Node]:
    """Read a template, without the blocks that are for other data."""
    return _kept(read(prose), facts)


def fill(blocks: list[Node], source: str, values: Mapping[str, Value], language: str, beside: str = "") -> list[Node]:
    """Fill in the keys of a template; a sentence that needs what is missing is left out, and its reason told."""
    filled, problems = copy.deepcopy(blocks), list[Problem]()
    own = {f"ref.{name}" for name in exhibits(blocks)}
    for paragraph in _paragraphs(filled):
        if shown(paragraph):
            continue
        _leave_out(paragraph, values, language)
        _refer(paragraph, values, own)
        of_slope = _fill_in(paragraph, values, language, problems)
        if of_slope and beside:
            paragraph["c"] += [{"t": "Space"}, *words(beside)]
    if problems:
        raise InputError(source, problems)
    return filled


def shown(block: Node) -> str:
    """Give the name of the exhibit that a paragraph stands for, or the empty string."""
    match = _SHOWN.fullmatch(text_of(block)) if block["t"] == "Para" else None
    return match[1] if match else ""


def exhibits(blocks: list[Node]) -> list[str]:
    """List the exhibits that a template shows, in its order."""
    return [name for block in _paragraphs(blocks) if (name := shown(block))]


def pictures(blocks: list[Node]) -> list[str]:
    """Name the figures that a document shows."""
    return [name.removeprefix("figure.") for name in exhibits(blocks) if name.startswith("figure.")]


def cited(blocks: list[Node]) -> list[Node]:
    """Give citations their numbers, and list what they cite where the document has its place for it."""
    return cite(blocks, TEMPLATES / "references.bib", TEMPLATES / "vancouver.csl")


def replace(blocks: list[Node], make: Callable[[str], list[Node]]) -> list[Node]:
    """Put exhibits in the place of the paragraphs that stand for them."""
    done: list[Node] = []
    for block in blocks:
        if block["t"] == "Div":
            done.append({"t": "Div", "c": [block["c"][0], replace(block["c"][1], make)]})
        else:
            name = shown(block)
            done += make(name) if name else [block]
    return done


def headings(blocks: list[Node]) -> dict[str, str]:
    """Give the titles of the sections of a template by their ids."""
    return {block["c"][1][0]: text_of(block["c"][2]) for block in _paragraphs(blocks) if block["t"] == "Header"}


def _kept(blocks: list[Node], facts: set[str]) -> list[Node]:
    kept: list[Node] = []
    for block in blocks:
        if block["t"] != "Div":
            kept.append(block)
            continue
        (_, classes, pairs), inside = block["c"]
        if "only" not in classes:
            kept.append({"t": "Div", "c": [block["c"][0], _kept(inside, facts)]})
        elif dict(pairs)["when"] in facts:
            kept += _kept(inside, facts)
    return kept


def _paragraphs(node: object) -> Iterator[Node]:
    if isinstance(node, dict):
        if node["t"] in {"Para", "Plain", "Header"}:
            yield node
        else:
            yield from _paragraphs(node.get("c", []))
    elif isinstance(node, list):
        for part in node:
            yield from _paragraphs(part)


def _leave_out(paragraph: Node, values: Mapping[str, Value], language: str) -> None:
    """Leave out the sentences of a paragraph that need what these data do not give, and say so at its end."""
    kept, missing = list[Node](), dict[str, list[str]]()
    for sentence in _sentences(paragraph["c"] if paragraph["t"] != "Header" else []):
        keys = (match[1] for leaf in leaves(sentence) if leaf["t"] == "Str" for match in _KEY.finditer(leaf["c"]))
        lacking = [value for key in keys if isinstance(value := values.get(key), Missing)]
        kept += [] if lacking else sentence
        for value in lacking:
            of = missing.setdefault(value.why, [])
            of += [] if value.what in of else [value.what]
    if missing:
        told = "; ".join(f"{'; '.join(of)} ({why})" for why, of in missing.items())
        apart = [{"t": "Space"}] if kept and kept[-1]["t"] not in {"Space", "SoftBreak"} else []
        paragraph["c"] = [*kept, *apart, *words(labels.text("report.left_out", language, list=told))]


def _sentences(nodes: list[Node]) -> list[list[Node]]:
    """Cut the words of a paragraph after each full stop, with the blank behind it."""
    sentences, ended = [list[Node]()], False
    for node in nodes:
        blank = node["t"] in {"Space", "SoftBreak"}
        if ended and not blank:
            sentences.append([])
        sentences[-1].append(node)
        ended = (ended and blank) or text_of(node).endswith(".")
    return sentences


def _refer(paragraph: Node, values: Mapping[str, Value], own: set[str]) -> None:
    """Let the number of an exhibit of the same document follow its caption in Word."""
    for leaf in list(leaves(paragraph)):
        match = _KEY.search(leaf["c"]) if leaf["t"] == "Str" else None
        if match and match[1] in own:
            kind, _, number = str(values[match[1]]).partition(" ")
            before, after = (words(part) for part in (leaf["c"][: match.start()] + kind, leaf["c"][match.end() :]))
            parts = [*before, {"t": "Space"}, *referred(kind.capitalize(), number), *after]
            leaf |= {"t": "Span", "c": [["", [], []], parts]}


def _fill_in(paragraph: Node, values: Mapping[str, Value], language: str, problems: list[Problem]) -> bool:
    """Fill in one paragraph; tell whether it speaks of the slope."""
    of_slope = False

    def written(match: re.Match[str]) -> str:
        nonlocal of_slope
        key, style = match[1], match[2] or ""
        of_slope |= key.startswith(_OF_SLOPE)
        if key not in values:
            problems.append(_unknown(key, values))
            return ""
        try:
            return write(values[key], style, language)
        except ValueError:
            problems.append(tell("bad_style", key=key, style=style))
            return ""

    for leaf in leaves(paragraph):
        if leaf["t"] == "Str":
            left = _KEY.sub("", leaf["c"])
            if "{" in left or "}" in left:
                problems.append(tell("bad_key", text=leaf["c"]))
            leaf["c"] = _KEY.sub(written, leaf["c"])
    return of_slope


def _unknown(key: str, values: Mapping[str, Value]) -> Problem:
    near = difflib.get_close_matches(key, values, n=1, cutoff=0.6)
    return tell("unknown_key", wording="unknown_key_near" if near else "unknown_key", key=key, near="".join(near))

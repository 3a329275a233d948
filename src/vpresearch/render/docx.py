"""Documents by pandoc and typst: DOCX, HTML and PDF."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import pypandoc

from vpresearch.core.errors import failure

# Where pandoc and typst look for their pages.
TEMPLATES = Path(__file__).parent / "templates"


Node = dict[str, Any]

# Prose only: no TeX, no HTML, and quotation marks as they are typed.
_MARKDOWN = "markdown-smart-tex_math_dollars-raw_tex-raw_html-example_lists-auto_identifiers"


def read(prose: str) -> list[Node]:
    """Read Markdown into blocks."""
    blocks: list[Node] = json.loads(run(["--from", _MARKDOWN, "--to", "json"], prose))["blocks"]
    return blocks


def write(blocks: Sequence[Node], to: str, options: Sequence[str] = (), meta: Mapping[str, str] | None = None) -> bytes:
    """Write blocks in a format of pandoc."""
    told = {name: {"t": "MetaInlines", "c": words(text)} for name, text in (meta or {}).items()}
    tree = {"pandoc-api-version": [1, 23, 1], "meta": told, "blocks": list(blocks)}
    return run(["--from", "json", "--to", to, "--wrap", "none", "--output", "-", *options], json.dumps(tree))


def cite(blocks: Sequence[Node], bibliography: Path, style: Path) -> list[Node]:
    """Resolve the citations of blocks by pandoc's own processor, the same for every format."""
    options = ["--citeproc", "--bibliography", str(bibliography), "--csl", str(style)]
    cited: list[Node] = json.loads(write(blocks, "json", options))["blocks"]
    return cited


def run(arguments: Sequence[str], given: str) -> bytes:
    """Call pandoc, without a shell and without any setting of the user's own."""
    command = [pypandoc.get_pandoc_path(), "--data-dir", str(TEMPLATES.parent), *arguments]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, input=given.encode(), capture_output=True, check=False, env=environment)
    if done.returncode:
        raise failure("pandoc_failed", said=done.stderr.decode(errors="replace").strip())
    return done.stdout


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


Document = tuple[Sequence[Node], bool]

# Twentieths of a point: A4 with margins of 2 cm.
_SHORT, _LONG, _MARGIN = 11906, 16838, 1134
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PARTS = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_RELATIONS, _TYPES = "word/_rels/document.xml.rels", "[Content_Types].xml"
_DOCUMENT, _BODY = "word/document.xml", "<w:body>"
# Words never hold it: they are escaped.
_CUT = "<!-- cut -->"
_SECTION = re.compile(r"<w:sectPr[^>]*?(?:/>|>.*?</w:sectPr>)", re.S)
_TABLE = re.compile(r"<w:tbl>.*?</w:tbl>", re.S)
_FIELD = re.compile(r"</?w:fldSimple[^>]*>")
_MARKS = 1000
_TAG = re.compile("<[^>]*>")
A_PAGE = 2500
_GRID = re.compile(r"<w:tblGrid>(.*?)</w:tblGrid>", re.S)
# Rows, heads included, that belong on one page.
SHORT = 20
# What pandoc takes the text of every page to measure.
_ROOM = 7920
_LYING = ' w:orient="landscape"'
# The first day that a zip file can tell.
_DATE = (1980, 1, 1, 0, 0, 0)


def landscape(blocks: list[Node]) -> list[Node]:
    """Put blocks on pages that lie on their side, in Word and in PDF."""
    upright, lying = (raw("openxml", _ends_section(name)) for name in ("portrait", "landscape"))
    return [upright, raw("typst", "#page(flipped: true)["), *blocks, raw("typst", "]"), lying]


def docx(
    blocks: Sequence[Node],
    title: str,
    language: str,
    *,
    banner: str,
    lying: bool = False,
    pictures: Path | None = None,
) -> bytes:
    """Write a Word file, the same bytes for the same blocks."""
    place = [] if pictures is None else ["--resource-path", str(pictures)]
    parts = _unzipped(write(blocks, "docx", place, {"title": title, "lang": language}))
    return _zipped(_dressed(parts, banner, lying))


def docx_each(documents: Sequence[Document], language: str, *, banner: str) -> list[bytes]:
    """Write many Word files without a title at the price of one."""
    every = [block for blocks, _ in documents for block in (*blocks, raw("openxml", _CUT))]
    parts = _unzipped(write(every, "docx", [], {"title": "", "lang": language}))
    head, *bodies, tail = _cut(parts[_DOCUMENT].decode())
    made = []
    for body, (_, lying) in zip(bodies, documents, strict=True):
        # Alone, a table keeps the number that it has among the others.
        own = parts | {_DOCUMENT: _FIELD.sub("", f"{head}{body}{tail}").encode()}
        made.append(_zipped(_dressed(own, banner, lying)))
    return made


def _cut(document: str) -> list[str]:
    """Cut a document into its head, the bodies between the marks, and its tail."""
    start = document.index(_BODY) + len(_BODY)
    return [document[:start], *document[start:].split(_CUT)]


def _unzipped(written: bytes) -> dict[str, bytes]:
    source = zipfile.ZipFile(io.BytesIO(written))
    return {name: source.read(name) for name in source.namelist()}


def _dressed(parts: Mapping[str, bytes], banner: str, lying: bool) -> dict[str, bytes]:
    """Give a document our pages and styles."""
    parts = dict(parts)
    parts["word/header1.xml"] = _part("hdr", '<w:pStyle w:val="BannerLine"/>', f"<w:t>{escape(banner)}</w:t>")
    parts["word/footer1.xml"] = _part("ftr", '<w:jc w:val="right"/>', _PAGE_NUMBER)
    parts[_DOCUMENT] = _sections(parts[_DOCUMENT].decode(), "landscape" if lying else "portrait")
    parts["word/styles.xml"] = _styled(parts["word/styles.xml"])
    for name in ("header", "footer"):
        relation = f'<Relationship Id="{name}1" Type="{_RELATION}/{name}" Target="{name}1.xml"/>'
        kind = f'<Override PartName="/word/{name}1.xml" ContentType="{_PARTS}.{name}+xml"/>'
        for part, end, more in ((_RELATIONS, "</Relationships>", relation), (_TYPES, "</Types>", kind)):
            parts[part] = _added(parts[part], end, more)
    return parts


_PAGE_NUMBER = (
    '<w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="end"/>'
)


def _part(kind: str, style: str, run: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    content = f"<w:p><w:pPr>{style}</w:pPr><w:r>{run}</w:r></w:p>"
    return f'{head}<w:{kind} xmlns:w="{_WORDS}" xmlns:r="{_RELATION}">{content}</w:{kind}>'.encode()


def _ends_section(name: str) -> str:
    """Return an unseen paragraph that ends a section; the page is described later, with its header."""
    small = '<w:spacing w:before="0" w:after="0" w:line="20" w:lineRule="exact"/>'
    return f'<w:p><w:pPr>{small}<w:sectPr w:rsidR="{name}"/></w:pPr></w:p>'


def _sections(document: str, last: str) -> bytes:
    """Describe every section's page, and fit its tables to it."""
    done, start = [], 0
    for match in _SECTION.finditer(document):
        lying = "landscape" in match[0] or ("rsidR" not in match[0] and last == "landscape")
        wide, high = (_LONG, _SHORT) if lying else (_SHORT, _LONG)
        done += [_fitted(document[start : match.start()], wide - 2 * _MARGIN), _page(wide, high, lying)]
        start = match.end()
    return "".join([*done, document[start:]]).encode()


def _page(wide: int, high: int, lying: bool) -> str:
    margins = " ".join(f'w:{side}="{_MARGIN}"' for side in ("top", "right", "bottom", "left"))
    return (
        '<w:sectPr><w:headerReference w:type="default" r:id="header1"/>'
        '<w:footerReference w:type="default" r:id="footer1"/>'
        f'<w:pgSz w:w="{wide}" w:h="{high}"{_LYING if lying else ""}/>'
        f'<w:pgMar {margins} w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
    )


def _fitted(section: str, room: int) -> str:
    """Scale the columns of every table to the page, and give its cells a style of their own."""

    def grid(match: re.Match[str]) -> str:
        widths = [int(width) * room // _ROOM for width in re.findall(r'w:w="(\d+)"', match[1])]
        return "<w:tblGrid>" + "".join(f'<w:gridCol w:w="{width}"/>' for width in widths) + "</w:tblGrid>"

    def table(match: re.Match[str]) -> str:
        # Pandoc gives an empty cell no style, and with it the height of a line of prose.
        cells = match[0].replace("<w:p />", '<w:p><w:pPr><w:pStyle w:val="Compact" /></w:pPr></w:p>')
        rows = cells.replace("<w:trPr>", "").replace("</w:trPr>", "").split("<w:tr>")
        # No row breaks, and the rows of a short table stay on one page, each with the next.
        # So many letters fill a page though their rows are few.
        short = len(rows) <= SHORT and len(_TAG.sub("", match[0])) <= A_PAGE
        kept = len(rows) - 1 if short else 0
        for place, row in enumerate(rows[1:], 1):
            style = "TableTextKept" if place < kept else "TableText"
            head = '<w:tblHeader w:val="on" />' * ("<w:tblHeader" in row)
            cells = row.replace(head, "", 1).replace('w:val="Compact"', f'w:val="{style}"')
            rows[place] = f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{cells}"
        return _GRID.sub(grid, "".join(rows))

    return _TABLE.sub(table, section)


@lru_cache(maxsize=4)
def _styled(given: bytes) -> bytes:
    """Put our styles in the place of pandoc's of the same name, and a smaller letter in that of its default."""
    styles = given.decode()
    ours = files("vpresearch.render").joinpath("templates/styles.xml").read_text(encoding="utf-8")
    for name in re.findall(r'w:styleId="(\w+)"', ours):
        styles = re.sub(rf'<w:style (?:(?!<w:style ).)*?w:styleId="{name}".*?</w:style>', "", styles, flags=re.S)
    styles = re.sub(r'<w:sz(Cs)? w:val="24" ?/>', r'<w:sz\1 w:val="20"/>', styles, count=2)
    return _added(styles.encode(), "</w:styles>", ours)


def _added(part: bytes, end: str, more: str) -> bytes:
    return part.decode().replace(end, more + end).encode()


def _zipped(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _DATE)
            # A picture is as small as it gets already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            # The same on every system; zipfile would note the one that it runs on.
            entry.create_system = 0
            archive.writestr(entry, content)
    return target.getvalue()

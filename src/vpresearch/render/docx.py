"""Word files: what pandoc writes, in our styles and on our pages."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path

from vpresearch.render.pandoc import Node, raw, write

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
    place = {} if pictures is None else {"folder": str(pictures)}
    parts = _unzipped(write(blocks, "docx", {"title": title, "lang": language}, **place))
    return _zipped(_dressed(parts, banner, lying))


def docx_each(documents: Sequence[Document], language: str, *, banner: str) -> list[bytes]:
    """Write many Word files without a title at the price of one."""
    every = [block for blocks, _ in documents for block in (*blocks, raw("openxml", _CUT))]
    parts = _unzipped(write(every, "docx", {"title": "", "lang": language}))
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

"""A page of the review: everything in the one file, nothing asked of any server."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, cast

from vpresearch.core.files import put
from vpresearch.render import labels
from vpresearch.render.html import reachable

_TEMPLATE = Path(__file__).parent / "templates" / "page.html"


def page(title: str, body: str, language: str, *, reconstruction: bool, style: str = "") -> str:
    """Write a page."""
    banner = labels.banner(language, reconstruction=reconstruction)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        language=language,
        banner=f'<header class="page-banner">{html.escape(banner)}</header>' if banner else "",
        body=reachable(body),
        style=style,
    )


def link(target: str, words: str) -> str:
    """Write a link."""
    return f'<a href="{html.escape(target)}">{html.escape(words)}</a>'


_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])([^$]+?)(?<![\s\\])\$(?!\d)")
STYLE = """
.cell { margin: 1.2rem 0; }
.prompt, .anchor-link { display: none; }
.input_area { background: #f6f7f8; border-left: 3px solid #c9d3da; padding: 0 0.8rem; }
.output { margin-top: 0.8rem; }
img { max-width: 100%; height: auto; }
math { font-size: 1.05em; }
"""


def load_page_writer() -> None:
    """Load and compile what writes pages."""
    from nbformat import v4

    make = cast("Any", v4)
    cells = [make.new_markdown_cell("a"), make.new_code_cell("1")]
    _exporter().from_notebook_node(make.new_notebook(cells=cells))
    colours()


def write_notebook_page(path: Path, language: str, *, reconstruction: bool) -> Path:
    """Write an executed notebook as a page beside it; every cell can be linked to by its id."""
    from nbformat import v4

    # Without its validation, which only repeats what papermill did when it wrote the file.
    reading: Any = v4
    book = reading.reads_json(path.read_text(encoding="utf-8"))
    body, _ = _exporter().from_notebook_node(book)
    page_path = path.with_suffix(".html")
    put(
        page_path, page(_title(book, path.stem), body, language, reconstruction=reconstruction, style=STYLE + colours())
    )
    return page_path


def anchor(cell: str) -> str:
    """Return the place of a cell in the page of its notebook."""
    return f"cell-id={cell}"


def formulas_to_mathml(markdown: str) -> str:
    """Put formulas as browsers read them by themselves, without a script from elsewhere."""
    found = _FORMULA.findall(markdown)
    if not found:
        return markdown
    from vpresearch.render.pandoc import convert

    # One call for all of them: starting pandoc is most of what it takes.
    given = "\n\n".join(f"${formula}$" for formula in found)
    answer = convert(given, "markdown", "html", options={"html_math_method": "mathml"}).decode()
    maths = iter(re.findall(r"<math .*?</math>", answer, re.S))
    return _FORMULA.sub(lambda _: next(maths), markdown)


@cache
def _exporter() -> Any:
    """Make what writes a notebook's cells, and no page around them."""
    from nbconvert import exporters
    from nbconvert.filters import Highlight2HTML
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    # Not the one for HTML: it would read the whole page again, to give words to pictures that have theirs.
    make, highlight = cast("Any", exporters.TemplateExporter), cast("Any", Highlight2HTML)
    exporter = make(template_name="basic", file_extension=".html")
    exporter.register_filter("highlight_code", highlight(pygments_lexer="ipython3"))
    exporter.register_filter("markdown2html", lambda source: markdown2html_mistune(formulas_to_mathml(source)))
    return exporter


@cache
def colours() -> str:
    """Return the CSS of highlighted code."""
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(style="default").get_style_defs(".highlight"))


def _title(book: Any, name: str) -> str:
    """Take the notebook's own heading."""
    first = "".join(book.cells[0].source) if book.cells else ""
    heading = re.match(r"#\s+(.+)", first)
    return html.unescape(heading[1]) if heading else name

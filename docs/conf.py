"""The site of the compendium, built by ``make docs``: what is read is Markdown that a forge shows too."""

import shutil
from pathlib import Path

from vpresearch import __version__
from vpresearch.explore.site import SITE

project, author, version = "vpresearch", "the authors of vpresearch", __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "REVIEWING.md", "CONTRIBUTING.md", "data/**/README*.md", "data/README.md"]
exclude_patterns = [".*", "build", "data/raw", "src", "tests", "tables", "figures", "notebooks", "benchmarks"]
myst_heading_anchors = 2
autodoc_default_options = {"members": True, "member-order": "bysource", "exclude-members": "records, __init__"}
autodoc_typehints = "none"
add_module_names = False
numpydoc_show_class_members = False
html_theme = "furo"
html_title = "vpresearch"
html_static_path, html_css_files = ["_static"], ["site.css"]
html_copy_source = False
templates_path = ["_templates"]
# The theme's own, and the explorer, which `vpresearch docs` has written before.
html_sidebars = {
    "**": [f"sidebar/{part}.html" for part in ("brand", "search", "scroll-start", "navigation", "scroll-end")]
}
if SITE.is_file():
    html_sidebars["**"].insert(3, "explore.html")
html_show_copyright = html_show_sphinx = False


def _complete(app, error):  # type: ignore[no-untyped-def]
    """Let the folder of the site open at its first page, and put the explorer beside it."""
    if error is None:
        Path(app.outdir, "index.html").write_text('<meta http-equiv="refresh" content="0; url=docs/index.html">\n')
        if SITE.is_file():
            shutil.copy(SITE, Path(app.outdir, "explore.html"))


def setup(app):  # type: ignore[no-untyped-def]
    """Join in when the pages are written."""
    app.connect("build-finished", _complete)

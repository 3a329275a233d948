"""Pages for whoever checks a run: verdicts with links to cells and functions, executed notebooks, what it ran on."""

from vpresearch.review.notebook import load_page_writer, write_notebook_page
from vpresearch.review.pages import write_pages

__all__ = ["load_page_writer", "write_notebook_page", "write_pages"]

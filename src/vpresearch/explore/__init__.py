"""Explore the study in the browser: panels over the library, for students and reviewers."""

from vpresearch.explore.page import Page, explorer

__all__ = ["Page", "explorer"]

"""Formats, and one renderer for each kind of output."""

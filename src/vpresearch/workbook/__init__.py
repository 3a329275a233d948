"""Workbooks for authors: the template, the annotated copy, the validation."""

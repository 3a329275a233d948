"""Reproducible research compendium for a percutaneous vertebroplasty study."""

__version__ = "0.1.0"

"""What machines and checkers read about the compendium, generated from its own files."""

from vpresearch.metadata.write import described, write_metadata

__all__ = ["described", "write_metadata"]

"""Notebooks and their records: what changed is run again, by whom, and where it waits."""

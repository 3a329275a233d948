"""The report: prose whose numbers come from the results, every table and figure, in three formats."""

from vpresearch.report.document import Report, about, analyse, compose, prepare, publish, write_reports, writing

__all__ = ["Report", "about", "analyse", "compose", "prepare", "publish", "write_reports", "writing"]

"""The report: prose whose numbers come from the results, every table and figure, in three formats."""

from vpresearch.report.document import Report, compose, publish
from vpresearch.report.job import about, analyse, write_reports, writing

__all__ = ["Report", "about", "analyse", "compose", "publish", "write_reports", "writing"]

"""The report: prose whose numbers come from the results, every table and figure, in three formats."""

from vpresearch.report.document import Report, compose, publish
from vpresearch.report.job import about, analyse, write_reports, writing
from vpresearch.report.results import Results, compute

__all__ = ["Report", "Results", "about", "analyse", "compose", "compute", "publish", "write_reports", "writing"]

# The public face: what `import vpresearch as vp` offers. `__init__.py` reads it too, so that it stands here alone.
from vpresearch import figures, tables
from vpresearch.audit.audit import audit as audit_paper
from vpresearch.audit.check import Check
from vpresearch.core.errors import InputError
from vpresearch.core.frame import to_frame
from vpresearch.core.paths import PUBLISHED, RECONSTRUCTION
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset, load
from vpresearch.inference.describe import Summary, proportion, select, summarise
from vpresearch.inference.protocol import Comparison, associate_with_leak, compare_by_leak
from vpresearch.inference.tests import TestResult, fisher, kruskal, mann_whitney, shapiro_wilk, student, welch
from vpresearch.lattice.cell import Cell, is_possible
from vpresearch.lattice.cell import count as count_datasets
from vpresearch.lattice.cell import sample as sample_datasets
from vpresearch.published.claims import Paper
from vpresearch.published.read import read_paper
from vpresearch.reconstruct.ensemble import ENSEMBLE, Ensemble, read_ensemble
from vpresearch.regression.assumptions import assumptions as check_assumptions
from vpresearch.regression.design import Design, Estimate
from vpresearch.regression.firth import fit as fit_firth
from vpresearch.regression.gee import fit as fit_gee
from vpresearch.regression.logistic import fit as fit_logistic
from vpresearch.regression.mixed import fit as fit_mixed
from vpresearch.regression.models import fit_models, leak_design, specification_curve
from vpresearch.regression.precision import minimum_sample_size
from vpresearch.regression.resampling import bootstrap
from vpresearch.regression.validation import validate as validate_model
from vpresearch.results import Results
from vpresearch.scorecard import Row
from vpresearch.scorecard import scorecard as score_paper

__all__ = [
    "ENSEMBLE",
    "PUBLISHED",
    "RECONSTRUCTION",
    "Cell",
    "Check",
    "Comparison",
    "Dataset",
    "Design",
    "Ensemble",
    "Estimate",
    "InputError",
    "Paper",
    "Reported",
    "Results",
    "Row",
    "Summary",
    "TestResult",
    "associate_with_leak",
    "audit_paper",
    "bootstrap",
    "check_assumptions",
    "compare_by_leak",
    "count_datasets",
    "figures",
    "fisher",
    "fit_firth",
    "fit_gee",
    "fit_logistic",
    "fit_mixed",
    "fit_models",
    "is_possible",
    "kruskal",
    "leak_design",
    "load",
    "mann_whitney",
    "minimum_sample_size",
    "proportion",
    "read_ensemble",
    "read_paper",
    "sample_datasets",
    "score_paper",
    "select",
    "shapiro_wilk",
    "specification_curve",
    "student",
    "summarise",
    "tables",
    "to_frame",
    "validate_model",
    "welch",
]
__version__: str

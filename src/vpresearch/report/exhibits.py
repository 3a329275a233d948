"""The tables and figures of a report, from finished results."""

from __future__ import annotations

from collections.abc import Mapping

from vpresearch import figures, tables
from vpresearch.compendium import read_compendium
from vpresearch.figures import Figure
from vpresearch.report.differences import differences_table
from vpresearch.report.digest import digest_table, findings_table
from vpresearch.report.results import Results
from vpresearch.tables import Table


def make_tables(results: Results, language: str) -> dict[str, Table]:
    """Lay out every table.

    Parameters
    ----------
    results : Results
    language : {"es", "en"}

    Returns
    -------
    dict of str to Table
        By name; without those that only a reconstruction has where the data are real.
    """
    study, alpha = results.dataset, results.alpha
    made = [
        tables.table1(study, language),
        tables.table2(study, language),
        tables.table3(study, language, alpha),
        tables.table4(study, language, alpha),
        tables.leak_kinds(study, language),
        tables.outcome(study, language),
        tables.comparisons(study, language, alpha),
        tables.associations(study, language),
        tables.exhibits_table(read_compendium(), study, language),
        tables.models_table(results.estimates, study, language),
        tables.leak_risk_table(study, language),
        tables.dose_table(study, language),
        tables.validation_table(results.performance, study, language),
        tables.precision_table(results.estimates, study, language),
        tables.relief_table(study, language),
        tables.comparators_table(results.comparisons, study, language),
        tables.specification_table(results.specifications, study, language),
        tables.assumptions_table(results.assumptions, study, language),
        tables.simulation_table(results.simulation, language),
        tables.audit_table(results.checks, language),
        digest_table(results.checks, language),
        findings_table(results.checks, results.paper, language),
        tables.scorecard_table(results.rows, study, language),
        differences_table(results.rows, study, language),
    ]
    if results.ensembles:
        made.append(tables.spread_table(results.ensembles["drawn"], results.ensembles["extreme"], language))
        made.append(tables.implied_table(results.fits, language))
    return {table.name: table for table in made}


def make_figures(results: Results, language: str) -> Mapping[str, Figure]:
    """Draw every figure.

    Parameters
    ----------
    results : Results
    language : {"es", "en"}

    Returns
    -------
    dict of str to Figure
    """
    study, leak = results.dataset, results.identified
    made = [
        figures.figure1(study, language),
        figures.figure2(study, language),
        figures.leak_kinds(study, language),
        figures.volumes(study, language),
        figures.outcome(study, language),
        figures.audit_p(results.checks, language),
        figures.leak_models(results.estimates, study, language, leak),
        figures.risk_curve(study, language, leak),
        figures.calibration(study, language, leak),
        figures.comparators_figure(results.comparisons, study, language),
        figures.specification_figure(results.specifications, study, language, leak),
        figures.spline_figure(study, language, leak),
    ]
    if results.ensembles:
        made.append(figures.identified_range(results.fits, language))
    return {figure.name: figure for figure in made}

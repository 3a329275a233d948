from __future__ import annotations

from vpresearch import project


def test_everything_is_where_the_package_looks_for_it() -> None:
    for place in (project.DICTIONARY, project.RECONSTRUCTION, project.PUBLISHED, project.COMPENDIUM):
        assert place.is_file()
        assert place.is_relative_to(project.ROOT)
    assert project.NOTEBOOKS.is_dir()
    assert (project.ROOT / "pyproject.toml").is_file()
    assert project.BUILD.parent == project.ROOT

from __future__ import annotations

from vpresearch.core import paths


def test_everything_is_where_the_package_looks_for_it() -> None:
    for place in (paths.DICTIONARY, paths.RECONSTRUCTION, paths.PUBLISHED, paths.COMPENDIUM):
        assert place.is_file()
        assert place.is_relative_to(paths.ROOT)
    assert paths.NOTEBOOKS.is_dir()
    assert (paths.ROOT / "pyproject.toml").is_file()
    assert paths.BUILD.parent == paths.ROOT

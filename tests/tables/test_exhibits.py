from __future__ import annotations

from vpresearch.core.compendium import read_compendium
from vpresearch.data import Dataset
from vpresearch.results import Results
from vpresearch.tables import exhibits_table


def test_every_exhibit_of_the_paper_has_its_line(shipped: Dataset) -> None:
    table = exhibits_table(Results(shipped), "es")
    image = "Imagen de TAC: los datos no la pueden dar."
    assert [[*cells, output.partition(" Vértebras")[0]] for *cells, output in table.shown.to_numpy().tolist()] == [
        ["figura 1", "02_leaks.ipynb", "figures/figure1"],
        ["figura 2", "02_leaks.ipynb", "figures/figure2"],
        ["figura 3", "", image],
        ["figura 4", "", image],
        ["tabla 1", "01_cohort.ipynb", "tables/table1"],
        ["tabla 2", "01_cohort.ipynb", "tables/table2"],
        ["tabla 3", "02_leaks.ipynb", "tables/table3"],
        ["tabla 4", "03_outcome.ipynb", "tables/table4"],
    ]


def test_a_reconstruction_names_no_level_that_the_paper_does_not_print(shipped: Dataset) -> None:
    kinds = exhibits_table(Results(shipped), "en").data.set_index("exhibit")["vertebrae"]
    assert (kinds["figure 3"], kinds["figure 4"]) == ("5", "2")


def test_an_image_names_vertebrae_of_its_kind_by_level_and_never_a_patient(studies: dict[str, Dataset]) -> None:
    for study in studies.values():
        table = exhibits_table(Results(study), "en")
        data = table.data.set_index("exhibit")
        for image in read_compendium().images:
            kind = str(data.loc[image.name, "vertebrae"])
            assert kind in table.to_html()
            leaks = study.vertebrae[study.vertebrae["leak_site"] == image.shows["leak_site"]]
            counts = [part.split(" × ") for part in kind.split(", ")]
            assert {level: int(n) for level, n in counts} == leaks["level"].value_counts().to_dict()
            levels = [level for level, _ in counts]
            assert levels == sorted(levels, key=lambda level: (level[0] == "L", int(level[1:])))

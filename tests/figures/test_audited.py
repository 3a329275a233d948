from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex

from vpresearch.audit import Check
from vpresearch.figures import audit_p
from vpresearch.render import labels


def test_every_test_of_a_p_value_is_drawn(checks: list[Check]) -> None:
    figure = audit_p(checks, "es")
    tested = [check for check in checks if "test" in check.values]
    assert len(figure.data) == len(tested) > 5
    for check, row in zip(tested, figure.data.to_dict("records"), strict=True):
        found = {str(name): value for name, value in row.items()}
        assert (found["claim"], found["verdict"]) == (check.claims[0], check.verdict)
        assert {name: found[name] for name in ("test", "scale", "printed")} == {
            name: check.values[name] for name in ("test", "scale", "printed")
        }
        assert np.array_equal([found["p_min"], found["p_max"]], [check.p_min, check.p_max], equal_nan=True)
    (axes,) = figure.canvas.axes
    headings = {(check.claims[0], check.values["scale"]) for check in tested}
    assert len(axes.get_yticklabels()) == len(tested) + len(headings)
    assert tuple(axes.get_xlim()) == (0, 1)


def test_the_printed_p_is_marked_and_the_verdict_coloured(checks: list[Check]) -> None:
    figure = audit_p(checks, "es")
    (axes,) = figure.canvas.axes
    marks = [line for line in axes.lines if line.get_marker() == "|" and len(np.asarray(line.get_xdata()))]
    printed = [float(str(p).strip("<> ").replace(",", ".")) for p in figure.data["printed"]]
    assert [float(np.asarray(line.get_xdata())[0]) for line in marks] == printed
    places = [int(np.asarray(line.get_ydata())[0]) for line in marks]
    # A test excluded under a condition has it beside its name.
    assert [axes.get_yticklabels()[place].get_text().split(" (iguales")[0] for place in places] == [
        labels.text(f"test.{test}", "es") for test in figure.data["test"]
    ]
    assert sum("(iguales: como mucho 3)" in tick.get_text() for tick in axes.get_yticklabels()) == 1
    # Where ranks alone bound p, the bar is hatched.
    assert {patch.get_hatch() for patch in axes.patches if patch.get_hatch()} == {"////"}
    colours: dict[str, set[str]] = {}
    for line in axes.lines:
        if line.get_marker() != "|" and len(np.asarray(line.get_xdata())):
            number = places.index(int(np.asarray(line.get_ydata())[0]))
            verdict = str(figure.data["verdict"].iloc[number])
            colours.setdefault(verdict, set()).add(to_hex(str(line.get_color())))
            low, high = np.asarray(line.get_xdata())
            # Beside what can be given, never within it, unless between single points.
            assert low <= printed[number] <= high or verdict != "possible"
    assert all(len(colour) == 1 for colour in colours.values())
    assert len({next(iter(colour)) for colour in colours.values()}) == len(colours) > 1

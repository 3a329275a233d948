from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

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
    axes, _close = figure.canvas.axes
    headings = {(check.claims[0], check.values["scale"]) for check in tested}
    assert len(axes.get_yticklabels()) == len(tested) + len(headings)
    assert tuple(axes.get_xlim()) == (0, 1)


def test_the_printed_p_is_marked_and_the_verdict_coloured(checks: list[Check]) -> None:
    figure = audit_p(checks, "es")
    axes, _close = figure.canvas.axes
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


def test_the_gap_that_proves_it_is_seen_close(checks: list[Check]) -> None:
    figure = audit_p(checks, "es")
    _, close = figure.canvas.axes
    (check,) = [check for check in checks if check.code == "p_between_steps"]
    low, high = float(check.values["low"]), float(check.values["high"])
    assert tuple(close.get_xlim()) == (0.46, 0.475)
    boxes = [patch for patch in close.patches if isinstance(patch, Rectangle)]
    ends = sorted((box.get_x(), box.get_x() + box.get_width()) for box in boxes if box.get_hatch())
    assert np.allclose(ends, [(0, low), (high, 1)])
    # What the printed p can stand for lies wholly between the steps.
    (band,) = [box for box in boxes if not box.get_hatch() and box.get_width()]
    assert np.allclose([band.get_x(), band.get_x() + band.get_width()], [0.4655, 0.4665])
    assert low < band.get_x() < band.get_x() + band.get_width() < high
    assert [text.get_text() for text in close.texts] == ["0,4649", "0,4722"]
    (row,) = figure.data[figure.data["gap_low"].notna()].to_dict("records")
    assert (row["test"], row["gap_low"], row["gap_high"]) == ("kruskal", low, high)


def test_the_legend_names_only_what_is_drawn(checks: list[Check]) -> None:
    def named(chosen: list[Check]) -> set[str]:
        (legend,) = audit_p(chosen, "en").canvas.legends
        return {text.get_text() for text in legend.get_texts()}

    words = {labels.text(f"word.{word}", "en") for word in ("lone_values", "outer_bounds", "stands_for")}
    assert words <= named(checks)
    ranges = [check for check in checks if check.values.get("known") == "range"]
    assert ranges
    assert not words & named(ranges)
    assert len(audit_p(ranges, "en").canvas.axes) == 1

# SPDX-License-Identifier: Apache-2.0
"""The figure of a comparison: what it says, that it prints in grey, and that it is the same each time."""

from pathlib import Path
from xml.etree.ElementTree import parse

import pytest

from energy_runner.analysis.against.baseline import Baseline, BaselineFigure, Contribution, Specimen
from energy_runner.api.comparisons import SessionComparison, compare_sessions
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.report.figures import difference
from energy_runner.report.figures.style import look

MONITOR = Specimen(driver="js220", serial="1234", settings_sha256="a" * 64)
PARTS = [
    Contribution(name="gain of the current measurement", relative=0.01, specimen=True),
    Contribution(name="scatter of the windows", relative=0.001),
]


def result(value: float, name: str, *, virtual: bool = False) -> Baseline:
    u = 0.01005 * value
    return Baseline(
        benchmark="kws01",
        mode="energy",
        virtual=virtual,
        valid=True,
        figures={"energy_per_inference": BaselineFigure(value=value, u=u, U=1.96 * u, parts=PARTS)},
        monitor=MONITOR,
        session_id=name,
    )


def compared(*, virtual: bool = False) -> SessionComparison:
    return compare_sessions(result(1e-3, "before", virtual=virtual), result(0.99e-3, "after", virtual=virtual))


def words(path: Path) -> list[str]:
    root = parse(path).getroot()  # noqa: S314 - it was written here
    return ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_it_says_whose_values_they_are_and_what_the_difference_is(tmp_path: Path) -> None:
    said = words(compared().write_figure(tmp_path / "new" / "change.svg"))
    for text in ("A  before", "B  after", "Energy per inference, \u00b5J", "B \u2212 A, % of A"):
        assert text in said
    assert "B needs (1.00 \u00b1 0.27) % less energy an inference than A: B is better." in said
    assert "Each bar is an expanded uncertainty for a coverage of 95 %." in said
    assert not any("VIRTUAL" in each for each in said)


def test_a_simulated_comparison_says_so(tmp_path: Path) -> None:
    assert any("VIRTUAL" in each for each in words(compared(virtual=True).write_figure(tmp_path / "a.svg")))


@pytest.mark.parametrize("kind", ["svg", "png", "pdf", "SVG"])
def test_the_same_comparison_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    one, other = (compared().write_figure(tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
    assert one == other


def test_the_bars_are_the_uncertainties_and_zero_is_beside_a_difference_beyond_doubt() -> None:
    found = compared()
    with look():
        from matplotlib.figure import Figure

        figure = Figure()
        difference._draw(figure, found.differences, ("a", "b"), virtual=False)
        each, change = figure.axes
    drawn = [bar.get_segments()[0][:, 0].tolist() for axes in (each, change) for bar in axes.collections]
    one = found.of("energy_per_inference")
    wanted = [(one.a, one.U_a, 1e6), (one.b, one.U_b, 1e6), (one.change, one.U_change, 100.0)]
    assert drawn == [pytest.approx([(value - u) * scale, (value + u) * scale]) for value, u, scale in wanted]
    assert change.lines[-1].get_xdata() == [0.0, 0.0]
    assert drawn[2][1] < 0.0 < change.get_xlim()[1]


@pytest.mark.parametrize("name", ["change.gif", "change", "svg", "change.svg.txt"])
def test_another_format_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"figures are svg, pdf, png. Try: "):
        compared().write_figure(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchFault, match="cannot be written"):
        compared().write_figure(tmp_path / "file" / "change.svg")

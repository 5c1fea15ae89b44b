# SPDX-License-Identifier: Apache-2.0
"""The figures as files: each kind is there, in three formats, repeatable, with text that is text and units."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.errors import BenchFault
from energy_runner.notebook import VIRTUAL
from energy_runner.report.figures.bars import budget
from energy_runner.report.figures.clocks import clocks
from energy_runner.report.figures.run import whole_run
from energy_runner.report.figures.style import look
from energy_runner.report.figures.subject import Subject
from energy_runner.report.figures.table import drawings
from energy_runner.report.figures.write import FORMATS, draw, saved, write_figures
from energy_runner.report.story import tell
from energy_runner.session.folder import Session
from energy_runner.session.result import LayerResult, Layers
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

SVG = "{http://www.w3.org/2000/svg}"
LAYERS = Layers(
    inferences=200,
    energy_per_inference_j=1.7e-3,
    layers=[
        LayerResult(name="conv_1", operations=1000, duration_s=0.02, energy_j=0.8e-3, u_j=1e-5),
        LayerResult(name="conv_2", operations=2000, duration_s=0.03, energy_j=0.9e-3, u_j=2e-5),
    ],
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Figures of a virtual session with lost samples: (session, result, paths)."""
    folder = tmp_path_factory.mktemp("figures")
    session = energy_session(folder, lost=7, change={"virtual": True})
    result = analyze(session)
    result = result.model_copy(update={"layers": LAYERS, "windows": result.windows[1:3]})
    return session, result, write_figures(session, result, folder / "a" / "new" / "folder")


def texts(path):
    """Return the texts of an SVG file; text drawn as outlines is not among them."""
    return ["".join(element.itertext()) for element in ElementTree.parse(path).iter(f"{SVG}text")]  # noqa: S314


def svgs(paths):
    return [path for path in paths if path.suffix == ".svg"]


def test_every_kind_of_figure_is_written_in_three_formats(written):
    _, _, paths = written
    stems = ["run", "window-2", "window-3", "inference", "layers", "budget", "drift", "clocks"]
    assert [path.stem for path in svgs(paths)] == stems
    assert [path.name for path in paths] == [f"{stem}.{kind}" for stem in stems for kind in ("svg", "pdf", "png")]
    assert {path.read_bytes()[:5] for path in paths if path.suffix == ".pdf"} == {b"%PDF-"}
    assert {path.read_bytes()[:4] for path in paths if path.suffix == ".png"} == {b"\x89PNG"}
    assert not list(paths[0].parent.glob(".*"))


def test_the_same_session_gives_the_same_bytes_anywhere_and_under_any_style(written, tmp_path, monkeypatch):
    import matplotlib

    session, result, paths = written
    elsewhere = Session.open(shutil.copytree(session.path, tmp_path / "energy"))
    monkeypatch.setattr("energy_runner.report.figures.table.FIGURES", (whole_run, budget, clocks))
    with matplotlib.rc_context({"font.size": 20, "svg.hashsalt": None, "axes.grid": False}):
        again = write_figures(elsewhere, result, tmp_path / "out")
        assert matplotlib.rcParams["font.size"] == 20
    assert len(again) == 9
    before = {path.name: path.read_bytes() for path in paths}
    for path in again:
        assert path.read_bytes() == before[path.name], path.name


def test_no_date_and_no_version_is_inside(written):
    import matplotlib

    for path in written[2]:
        content = path.read_bytes()
        assert b"CreationDate" not in content
        assert b"<dc:date>" not in content
        assert f"Matplotlib v{matplotlib.__version__}".encode() not in content


def test_text_is_text_and_says_what_whose_and_that_it_is_simulated(written):
    session, _, paths = written
    for path in svgs(paths):
        found = texts(path)
        assert any("kws01, energy" in text for text in found), path.name
        assert any(session.record.session_id in text for text in found), path.name
        assert VIRTUAL in found, path.name


def test_a_pdf_embeds_its_fonts_as_truetype(written):
    for path in written[2]:
        if path.suffix == ".pdf":
            content = path.read_bytes()
            assert b"/FontFile2" in content
            assert b"/Subtype /Type3" not in content


@pytest.fixture
def _svg_alone(monkeypatch):
    """Two formats less to write."""
    monkeypatch.setattr("energy_runner.report.figures.write.FORMATS", {"svg": FORMATS["svg"]})


def test_a_real_session_does_not_say_that_it_is_simulated(tmp_path):
    from matplotlib.figure import Figure

    session = energy_session(tmp_path)
    subject = Subject(tell(session, analyze(session)))
    for drawing in drawings(subject):
        figure = Figure()
        draw(figure, drawing, subject)
        assert session.record.session_id in figure.get_supxlabel()
        assert VIRTUAL not in figure.get_supxlabel()


UNIT = re.compile(r"\((s|ms|mW|µJ)\)")


def test_every_axis_has_a_unit_or_names_what_it_lists(written):
    from matplotlib.figure import Figure

    session, result, _ = written
    subject = Subject(tell(session, result))
    for drawing in drawings(subject):
        figure = Figure()
        draw(figure, drawing, subject)
        below = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
        beside = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] or [figure.get_supylabel()]
        assert below, drawing.name
        assert beside, drawing.name
        for text in below + beside:
            assert UNIT.search(text) or text in {"cause", "layer"}, f"{drawing.name}: {text}"


def test_a_cause_of_nothing_has_no_bar(written):
    from matplotlib.figure import Figure

    session, result, _ = written
    causes = result.uncertainty.components
    assert all(cause.value_j for cause in causes[:2])
    nothing = causes[0].model_copy(update={"name": "a cause of nothing", "value_j": 0.0})
    more = result.uncertainty.model_copy(update={"components": [*causes, nothing]})
    story = tell(session, result.model_copy(update={"uncertainty": more}))
    [drawing] = [one for one in drawings(Subject(story)) if one.name == "budget"]
    figure = Figure()
    drawing.draw(figure)
    named = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert "a cause of nothing" not in named
    assert all(patch.get_width() > 0 for patch in figure.axes[0].patches)


@pytest.mark.usefixtures("_svg_alone")
def test_what_a_session_has_no_data_for_is_not_drawn(tmp_path):
    session = accuracy_session(tmp_path)
    assert write_figures(session, analyze(session), tmp_path / "a") == []
    session = performance_session(tmp_path)
    assert not [p for p in write_figures(session, analyze(session), tmp_path / "b") if p.stem in {"run", "budget"}]


def test_hostile_names_become_text(tmp_path):
    from matplotlib.figure import Figure

    evil = "$\\frac{1}{$ \u202e</text><script>x</script>\u4e2d\u6587" + "x" * 300
    session = energy_session(tmp_path)
    layers = [LAYERS.layers[0].model_copy(update={"name": evil}), LAYERS.layers[1]]
    result = analyze(session).model_copy(update={"layers": LAYERS.model_copy(update={"layers": layers})})
    subject = Subject(tell(session, result))
    [drawing] = [one for one in drawings(subject) if one.name == "layers"]
    with look():
        figure = Figure(layout="constrained")
        draw(figure, drawing, subject)
        content = saved(figure, "svg").decode("utf-8")
    assert "<script" not in content
    assert "\u202e" not in content
    assert "$\\frac" in content


@pytest.mark.usefixtures("_svg_alone")
def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    session = energy_session(tmp_path)
    (tmp_path / "file").write_text("not a folder", "utf-8")
    with pytest.raises(BenchFault, match=r"run\.svg: cannot be written"):
        write_figures(session, analyze(session), Path(tmp_path / "file"))

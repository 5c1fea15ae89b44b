# SPDX-License-Identifier: Apache-2.0
"""Write figures as files: SVG and PDF with text that stays text, and PNG.

No date, path or version of a library is in them: the same session gives the same bytes.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.errors import BenchFault, SessionError, in_words, remedy
from energy_runner.notebook import VIRTUAL
from energy_runner.report.charts.power import PowerTrace
from energy_runner.report.figures.fold import MeanInference, fold
from energy_runner.report.figures.style import EDGE, INK, SALT, WIDTH_IN, label, look
from energy_runner.report.figures.subject import Drawing, Subject
from energy_runner.report.figures.table import drawings
from energy_runner.report.headline import score
from energy_runner.report.story import Story, tell
from energy_runner.session import disk
from energy_runner.session.folder import Session
from energy_runner.session.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 200
FORMATS: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Creator": SALT, "Date": None, "Format": None, "Type": None}},
    "pdf": {"metadata": {"Creator": SALT, "Producer": SALT, "CreationDate": None}},
    "png": {"metadata": {"Software": SALT}, "dpi": DOTS_PER_INCH},
}
PLOTS = "plots"
_PLOTS = {"run": "trace"}  # by the names that `plots` had before there were figures


def write_figures(session: Session, result: Result, folder: Path, *, story: Story | None = None) -> list[Path]:
    """Write every figure that the session has data for into `folder`, in each format; return the paths.

    `story` spares reading the session again. Raises `SessionError` for a trace that holds no samples or cannot be
    read, and `BenchFault` if a file cannot be written.
    """
    subject = _subject(session, result, story)
    return _written(folder, subject, drawings(subject), tuple(FORMATS))


def write_plots(session: Session, result: Result, *, story: Story | None = None) -> list[Path]:
    """Write `plots/trace.png` and `plots/window-N.png` into the session and return their paths.

    Return an empty list for a session without a trace. Raises as `write_figures` does.
    """
    subject = _subject(session, result, story, inferences=False)
    wanted = [each for each in drawings(subject) if each.name == "run" or each.name.startswith("window-")]
    return _written(session.path / PLOTS, subject, wanted, ("png",), _PLOTS)


def _subject(session: Session, result: Result, story: Story | None, *, inferences: bool = True) -> Subject:
    told = tell(session, result) if story is None else story
    if session.has_trace() and told.picture is None:
        raise SessionError(f"{session.path}: {told.no_picture} So there is nothing to draw.")
    return Subject(told, _mean(session, told) if inferences else None)


def _mean(session: Session, story: Story) -> MeanInference | None:
    """Return the mean inference of the first window whose inferences were found."""
    resolved = [] if story.inferences is None else [w for w in story.inferences.segmentation.windows if w.resolved]
    if not resolved or not session.has_trace():
        return None
    with session.trace() as reader:
        trace = PowerTrace(reader, story.facts)
        return fold(trace, resolved[0])


def _written(
    folder: Path,
    subject: Subject,
    wanted: Sequence[Drawing],
    formats: Iterable[str],
    names: dict[str, str] | None = None,
) -> list[Path]:
    paths: list[Path] = []
    for drawing in wanted:
        with look():
            from matplotlib.figure import Figure

            figure = Figure(figsize=(WIDTH_IN, drawing.height_in), layout="constrained")
            draw(figure, drawing, subject)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # found once, kept for every format
            images = {kind: saved(figure, kind) for kind in formats}
        for kind, image in images.items():
            path = folder / f"{(names or {}).get(drawing.name, drawing.name)}.{kind}"
            write_image(path, image)
            paths.append(path)
    return paths


def draw(figure: "Figure", drawing: Drawing, subject: Subject) -> None:
    """Draw one figure, with its title, where it comes from, and whether it is simulated."""
    drawing.draw(figure)
    story = subject.story
    figure.suptitle(f"{heading(story)}\n{drawing.title}", x=0.01, ha="left", fontsize=9.5)
    foot = [f"session {label(story.record.session_id)} \u00b7 {label(story.record.software)}"]
    foot += [VIRTUAL] if subject.virtual else []
    figure.supxlabel("\n".join(foot), x=0.01, ha="left", fontsize=7.5, color=EDGE if subject.virtual else INK)


def heading(story: Story) -> str:
    """Return what was measured, and the score, in a line."""
    result = story.result
    words = f"{label(story.record.benchmark.id, 30)}, {result.mode}"
    measured = score(result)
    if measured is None:
        return f"{words}: no score"
    return f"{words}: {label(' '.join(measured))}" + ("" if result.valid else " (NOT VALID)")


def saved(figure: "Figure", kind: str) -> bytes:
    """Return the figure as a file of the given format; call it inside `look`."""
    out = BytesIO()
    figure.savefig(out, format=kind, **FORMATS[kind])
    return out.getvalue()


def write_image(path: Path, image: bytes) -> None:
    """Write a file, all of it or nothing, in a folder that is made if needed; raises `BenchFault` if it fails."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with disk.create(temporary) as file:
            disk.write_all(file, image)
        temporary.replace(path)
    except OSError as error:
        raise BenchFault(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from None

# SPDX-License-Identifier: Apache-2.0
"""Write figures of a sweep as files: SVG, PDF and PNG, as the report's figures are."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.errors import ConfigurationError
from energy_runner.notebook import VIRTUAL
from energy_runner.report.figures.style import EDGE, INK, WIDTH_IN, label, look
from energy_runner.report.figures.write import FORMATS, saved
from energy_runner.session.folder import write_bytes
from energy_runner.sweep.reading.plots.drawn import draw_maps, draw_panels, height_in
from energy_runner.sweep.reading.plots.model import Picture
from energy_runner.version import version
from energy_runner.wording import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST = 125  # signs of a line below a figure


def write_pictures(pictures: Sequence[Picture], folder: Path, formats: Sequence[str] = ()) -> list[Path]:
    """Write each picture into `folder` in each of `formats` (all by default) and return the paths.

    No date, path or version of a library is in them: the same points give the same bytes. Files of the same name
    are replaced. Raises `ConfigurationError` for an unknown format, and `BenchFault` if a file cannot be written.
    """
    kinds = tuple(formats) or tuple(FORMATS)
    unknown = [kind for kind in kinds if kind not in FORMATS]
    if unknown:
        raise ConfigurationError(
            f"figures cannot be written as {shown(unknown[0])!r} (known: {', '.join(FORMATS)})"
        )
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder}: is not a folder. Try: the name of a folder for the figures")
    paths = []
    for picture in pictures:
        images = rendered(picture, kinds)
        for kind, image in images.items():
            path = folder / f"{picture.name}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, image)
            paths.append(path)
    return paths


def rendered(picture: Picture, kinds: Sequence[str]) -> dict[str, bytes]:
    """Return a picture as files of these formats."""
    with look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH_IN, height_in(picture)), layout="constrained")
        draw(figure, picture)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # found once, kept for every format
        return {kind: saved(figure, kind) for kind in kinds}


def draw(figure: "Figure", picture: Picture) -> None:
    """Draw a picture with its title, what is to be known of it, and whether it is simulated; inside `look`."""
    if picture.maps:
        draw_maps(figure, picture)
    else:
        draw_panels(figure, picture)
    figure.suptitle(f"{label(picture.sweep)}: {label(picture.title, 100)}", x=0.01, ha="left", fontsize=9.5)
    foot = [line for note in picture.notes for line in textwrap.wrap(label(note, 4000), LONGEST)]
    foot.append(f"sweep {label(picture.sweep)} \u00b7 energy-runner {version()}")
    foot += [VIRTUAL] if picture.virtual else []
    colour = EDGE if picture.virtual else INK
    figure.supxlabel("\n".join(foot), x=0.01, ha="left", fontsize=7.5, color=colour)
    if picture.virtual:
        figure.text(
            0.5, 0.5, "VIRTUAL", fontsize=64, color=EDGE, alpha=0.10, rotation=25, ha="center", va="center"
        )

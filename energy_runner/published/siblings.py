"""Compare an energy session with the one in performance mode beside it: the same code is as fast in both."""

from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.compare import Row
from energy_runner.published.discover import MODE_FOLDERS, Found, discover_here
from energy_runner.published.eembc.results import PATTERNS
from energy_runner.published.figures import last, read_figures
from energy_runner.published.files import LARGEST_TEXT, read_lines


def compare_with_performance(row: Row, found: Found, most_off: float) -> None:
    """Note by how much the windows of an energy session are slower or faster than those in performance mode.

    `most_off` is the share by which they may differ without a note. A larger one is no fault of the figures: some
    boards were published at another clock rate in each mode.
    """
    if row.mode != "energy" or not row.throughput_per_s:
        return
    published = _published_throughput(found)
    if published:
        off = row.throughput_per_s / published - 1
        if abs(off) > most_off:
            row.notes.append(
                f"{row.throughput_per_s:.6g} inf./sec., but {published:g} in performance mode ({off:+.1%})"
            )


def _published_throughput(found: Found) -> float | None:
    if not found.folder.resolve().parent.is_relative_to(found.root.resolve()):
        return None
    for name, mode in MODE_FOLDERS.items():
        folder = found.folder.parent / name
        if mode == "performance" and folder.is_dir() and not folder.is_symlink():
            for one in discover_here(found.root, folder):
                figure = _median(one.file("results"), found.root)
                if figure:
                    return figure
    return None


def _median(path: Path | None, root: Path) -> float | None:
    """Return the median throughput that a results file tells; the line is the same for both runners."""
    if path is None:
        return None
    try:
        lines = [raw.decode("utf-8", "replace") for raw in read_lines(path, root, LARGEST_TEXT)]
    except SessionError:
        return None
    figure = last(read_figures(lines, PATTERNS).figures, "Median throughput")
    return figure.value if figure is not None else None

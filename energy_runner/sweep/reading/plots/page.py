# SPDX-License-Identifier: Apache-2.0
"""The figures of a sweep as one HTML page that opens offline, made as the report is (`energy_runner.report.html`).

Each figure can be zoomed and says what each point is. Where no script runs, and on paper, still pictures stand in
their places. The same points give the same bytes, with the same versions of matplotlib, plotly and zlib.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.notebook import VIRTUAL
from energy_runner.report.contents import contents
from energy_runner.report.figures.inline import embedded
from energy_runner.report.html import packed, plotly_js, policy, script
from energy_runner.report.markup import Html, join, json_script, section, table, tag
from energy_runner.session.folder import write_bytes
from energy_runner.sweep.reading.plots.files import rendered
from energy_runner.sweep.reading.plots.model import Picture, without_energy
from energy_runner.sweep.reading.plots.pictures import Pictures
from energy_runner.sweep.reading.plots.traces import figure
from energy_runner.sweep.reading.settings import setting_text
from energy_runner.sweep.rows import PointRow
from energy_runner.version import version

_PANEL_PX, _SECOND_PX, _MAPS_PX, _LEGEND_PX = 460, 170, 330, 22
_STILL = frozenset({"svg"})


def write_page(rows: Sequence[PointRow], found: Pictures, path: Path) -> Path:
    """Write the page and return its path; a file of that name is replaced if it is such a page's.

    Raises `ConfigurationError` for a name that is a folder's, `BenchFault` if the file cannot be written.
    """
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder. Try: a name that ends with .html")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, page_bytes(rows, found))
    return path


def page_bytes(rows: Sequence[PointRow], found: Pictures) -> bytes:
    """Return the page, encoded in UTF-8."""
    virtual = any(picture.virtual for picture in found.pictures)
    name = ", ".join(dict.fromkeys(row.sweep for row in rows))
    drawn = [{"id": f"plot-{n}", "name": one.name, **figure(one)} for n, one in enumerate(found.pictures)]
    library, own = plotly_js(), _asset("energy_runner.sweep.reading", "sweep.js")
    sections = join(
        [
            *(_section(number, picture) for number, picture in enumerate(found.pictures)),
            _lost(rows),
            _absent(found),
        ]
    )
    style = _asset("energy_runner.report", "report.css") + "".join(
        f"#plot-{number} {{ height: {_height_px(picture)}px; }}\n" for number, picture in enumerate(found.pictures)
    )
    heading = tag("header", tag("h1", f"Figures of sweep {name}"), tag("p", _points(rows)), class_="headline")
    page = join(
        (
            Html('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'),
            tag("meta", http_equiv="Content-Security-Policy", content=policy([library, own])),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content=f"energy-runner {version()}"),
            tag("title", f"{'SIMULATED ' if virtual else ''}{name}: figures"),
            Html(f"<style>\n{style}</style>\n</head>\n<body>\n"),
            tag("main", heading, _mark(virtual), contents(sections), sections),
            json_script("plot-data", drawn),
            packed("plot-library", library),
            script(own),
            Html("\n</body>\n</html>\n"),
        )
    )
    return page.encode("utf-8")


def page_policy() -> str:
    """Return a policy under which only the scripts of such a page run, for who serves one."""
    return policy([plotly_js(), _asset("energy_runner.sweep.reading", "sweep.js")])


def _mark(virtual: bool) -> Html:
    return tag("div", tag("span", tag("strong", VIRTUAL)), class_="band virtual") if virtual else Html("")


def _points(rows: Sequence[PointRow]) -> str:
    done = sum(row.state == "done" for row in rows)
    invalid = sum(row.valid is False for row in rows)
    aside = sum(row.state == "set-aside" for row in rows)
    parts = [f"{done} of {len(rows)} points finished"]
    parts += [f"{invalid} not valid"] if invalid else []
    parts += [f"{aside} set aside"] if aside else []
    return ", ".join(parts)


def _section(number: int, picture: Picture) -> Html:
    still = rendered(picture, tuple(_STILL))["svg"].decode("utf-8")
    words = [*picture.notes, *([VIRTUAL] if picture.virtual else [])]
    inside = tag(
        "figure",
        tag("div", id=f"plot-{number}", class_="plot", role="group", aria_label=picture.title),
        embedded(still, f"still-{number}", picture.title),
        tag("figcaption", *(tag("p", word) for word in words)),
    )
    return section(f"figure-{chr(97 + number % 26)}{'x' * (number // 26)}", picture.title, inside)


def _height_px(picture: Picture) -> int:
    if picture.maps:
        return max(_MAPS_PX, int(figure(picture)["rows"]) * _MAPS_PX)
    names = {series.name for panel in picture.panels for series in panel.series}
    legend = _LEGEND_PX * (len(names) // 3)
    return _PANEL_PX + _SECOND_PX * (len(picture.panels) - 1) + legend


def _lost(rows: Sequence[PointRow]) -> Html:
    """Return a table of the points without an energy, and why."""
    lost = [row for row in without_energy(rows) if row.state in {"done", "set-aside"}]
    cells = [
        (row.number, row.kind, setting_text(row.values), row.state.replace("-", " "), row.attempts, row.reason)
        for row in sorted(lost, key=lambda row: row.order)
    ]
    if not cells:
        return Html("")
    columns = ("Point", "Kind", "Settings", "State", "Attempts", "Reason")
    return section(
        "lost", "Points without an energy", table("Points without an energy", columns, cells, wide=(2, 5))
    )


def _absent(found: Pictures) -> Html:
    words = [tag("li", word) for word in found.absent]
    return section("absent", "Figures that are not here", tag("ul", *words)) if words else Html("")


def _asset(package: str, name: str) -> str:
    return resources.files(package).joinpath("assets", name).read_text(encoding="utf-8")

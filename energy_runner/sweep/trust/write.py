# SPDX-License-Identifier: Apache-2.0
"""Write the control chart of a bench to a file: a page to look at, or a figure that prints."""

from pathlib import Path

from energy_runner.errors import ConfigurationError
from energy_runner.report.figures.write import FORMATS
from energy_runner.session.folder import write_bytes
from energy_runner.sweep.trust.chart import chart_image
from energy_runner.sweep.trust.page import page_bytes
from energy_runner.sweep.trust.state import BenchTrust

PAGE = "html"


def write_chart(bench: str, trust: BenchTrust, path: Path) -> Path:
    """Write the chart of a bench with at least one series; the name's ending says as what.

    Raises `ConfigurationError` for another ending, `BenchFault` if the file cannot be written.
    """
    kind = path.suffix.removeprefix(".").lower()
    if kind not in {PAGE, *FORMATS} or path.is_dir():
        known = ", ".join(f".{one}" for one in (PAGE, *FORMATS))
        raise ConfigurationError(f"{path}: a chart cannot be written as such a file. Try: a name with {known}")
    image = page_bytes(bench, trust) if kind == PAGE else chart_image(bench, trust, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, image)
    return path

# SPDX-License-Identifier: Apache-2.0
"""Tools that write tables in text, told by the names of their columns; what their tables do not say.

Facts of the formats: the tools' own manuals and public exports; see docs/how-to/import-a-trace.md.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from energy_runner.traces.model import Kind
from energy_runner.traces.text.layout import Layout
from energy_runner.traces.units import parse_rate, parse_unit

_RATE_KEY = re.compile(
    r"(?:sample|sampling|samplerate|sample_rate|log).{0,12}?rate.*|samplerate|rate", re.IGNORECASE
)
_PERIOD_KEY = re.compile(r"(?:sample|sampling|log|aperture)?.{0,12}?(?:interval|period|tint)\b.*", re.IGNORECASE)
_IN_KEY = re.compile(r"[(\[]\s*([^()\[\]]{1,12})\s*[)\]]")
_NUMBER_UNIT = re.compile(r"([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([a-zA-Zµμ]{0,8})")


@dataclass(frozen=True)
class Dialect:
    """A tool: its name as a format, its title, how its files are told, and the driver and kind of its samples.

    `kind_known` says that the tool takes no other samples. `time` names the column that is the time where several
    are. `remark` is said of every file.
    """

    name: str
    title: str
    tells: Callable[[Layout], bool]
    instrument: str | None = None
    kind: Kind = "mean"
    kind_known: bool = False
    time: str = ""
    remark: str = ""


def _names(layout: Layout) -> list[str]:
    return [re.sub(r"\s+", "", name).lower() for name in layout.names]


def _begins(*wanted: str) -> Callable[[Layout], bool]:
    return lambda layout: all(any(name.startswith(one) for name in _names(layout)) for one in wanted)


def _preamble(*words: str) -> Callable[[Layout], bool]:
    def tells(layout: Layout) -> bool:
        said = " ".join(f"{key} {value}" for key, value in layout.preamble.items()).lower()
        return any(word in said for word in words)

    return tells


DIALECTS: tuple[Dialect, ...] = (
    Dialect(
        "lpm01a-csv",
        "LPM01A CSV",
        _begins("current(ua)", "boardtimestamp"),
        instrument="lpm01a",
        time="board timestamp",
        remark="the board's time advances in whole steps: the rows between two steps give the rate",
    ),
    Dialect(
        "ppk2-csv",
        "PPK2 CSV",
        _begins("timestamp(ms)", "current(ua)"),
        instrument="ppk2",
        kind="instant",
        kind_known=True,
    ),
    Dialect("otii-csv", "Otii CSV", lambda layout: _names(layout)[0] == "timestamp(s)"),
    Dialect("keithley-csv", "Keithley buffer CSV", _preamble("keithley", "dmm6500", "dmm7510", "buffer")),
    Dialect("rs-csv", "R&S FastLog CSV", _preamble("rohde", "ngu", "ngm", "fastlog")),
    Dialect("joulescope-csv", "Joulescope CSV", _begins("time(s)", "current(a)", "voltage(v)")),
)
PLAIN = Dialect("csv", "CSV", lambda layout: True)


def dialect_of(layout: Layout) -> Dialect:
    """Return the tool that wrote a table, or the general one."""
    return next((one for one in DIALECTS if one.tells(layout)), PLAIN)


def stated_period(layout: Layout) -> float | None:
    """Return the sample period (s) that the lines before the table state with its unit; None if none does."""
    for key, value in layout.preamble.items():
        unit = _IN_KEY.search(key)
        text = f"{value} {unit[1]}" if unit is not None else value
        if _RATE_KEY.fullmatch(key.split("[")[0].split("(")[0].strip()):
            rate = parse_rate(text) if re.search(r"hz|s/s|sps", text, re.IGNORECASE) else None
            if rate is not None:
                return 1 / rate
        match = _NUMBER_UNIT.fullmatch(text.strip())
        if match is not None and _PERIOD_KEY.fullmatch(key):
            known = parse_unit(match[2])
            if known is not None and known[0] == "time" and float(match[1]) > 0:
                return float(match[1]) * known[1]
    return None

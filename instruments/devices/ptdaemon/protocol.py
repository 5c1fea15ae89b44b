# SPDX-License-Identifier: Apache-2.0
"""Parse what a PTDaemon sends: answers, and the lines of samples and notices that follow some of them.

Sources: mlcommons/power-dev, `ptd_client_server/lib/server.py` and its example logs (commands, answers, the form
of a sample), `compliance/check.py` (answers to `Go`, `Stop`, `SR`); a later server of the same kind (`RL`: the
samples that nobody has read yet, after a line `Last N samples`). mlcommons/power-dev, pull request 273 (answers to
`Watts` and `Uncertainty`), issues 253 and 288 (notices). The daemon is closed; no manual was at hand.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from instruments.errors import ProtocolViolation, shown

GREETING = "Hello, PTDaemon here!"
ANALYZER_OFF = -1.0  # a figure that the analyzer did not give
MOST_SAMPLES = 500_000  # of one measurement, by the answer to `Go`
DAY_S = 86_400
_STAMP = r"\d\d-\d\d-\d{4} (?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d(?:\.\d{1,6})?)"
_NUMBER = r"-?\d{1,9}(?:\.\d{1,9})?"
_SAMPLE = re.compile(
    rf"Time,{_STAMP},Watts,(?P<w>{_NUMBER}),Volts,{_NUMBER},Amps,{_NUMBER},PF,{_NUMBER},"
    r"Mark,(?P<mark>[^,]*)(?:,.*)?",
    re.ASCII,
)
_NOTICE = re.compile(rf"Time,{_STAMP},(?P<kind>NOTICE|WARNING|ERROR)\b,?(?P<text>.*)", re.ASCII)
_COUNT = re.compile(r"Last (\d{1,7}) samples?", re.ASCII)
_NO_DATA = "No data"
_FIGURES = re.compile(rf"(Watts|Uncertainty)((?:,{_NUMBER}){{3}})((?:,\d{{1,7}}){{3,4}})\s*", re.ASCII)
# What a notice says of a reading that the range cannot hold.
_BEYOND = re.compile(r"too high for range|reading [+-]?inf\b", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """The mean power (W) of the second before `at_s` (s of the daemon's day); None if the analyzer was off."""

    at_s: float
    power_w: float | None
    mark: str


@dataclass(frozen=True)
class Notice:
    """What the daemon has to say about the analyzer."""

    kind: str
    text: str

    @property
    def beyond(self) -> bool:
        """Return whether it says that a reading was beyond the range."""
        return bool(_BEYOND.search(self.text))


@dataclass(frozen=True)
class Figures:
    """What the daemon states of all samples since `Go`: their power (W), or their uncertainty (relative).

    `valid` of the `samples` have a value; `mean`, `least` and `largest` are of those.
    """

    mean: float
    least: float
    largest: float
    samples: int
    valid: int


@dataclass(frozen=True)
class Count:
    """So many lines of samples follow."""

    samples: int


@dataclass(frozen=True)
class Answer:
    """Any other line."""

    text: str


Event = Reading | Notice | Count | Answer


def parse_line(line: str) -> Event:
    """Return what a line says; raise `ProtocolViolation` for one that begins like a sample and is none."""
    match = _SAMPLE.fullmatch(line)
    if match is not None:
        power_w = float(match["w"])
        return Reading(_seconds(match), None if power_w == ANALYZER_OFF else power_w, match["mark"])
    match = _NOTICE.fullmatch(line)
    if match is not None:
        return Notice(match["kind"], match["text"])
    match = _COUNT.fullmatch(line)
    if match is not None and int(match[1]) <= MOST_SAMPLES:
        return Count(int(match[1]))
    if line == _NO_DATA:
        return Count(0)
    if line.startswith(("Time,", "Last ")):
        raise ProtocolViolation(
            "read from a PTDaemon", f"no sample: {shown(line)}", "check the link and start again"
        )
    return Answer(line)


def figures(word: str, answer: str) -> Figures | None:
    """Return the answer to `Watts` or `Uncertainty`; None for an error, or a form that was not seen yet.

    The last number in an answer to `Uncertainty` is ignored: no source explains it.
    """
    match = _FIGURES.fullmatch(answer)
    if match is None or match[1] != word:
        return None
    mean, least, largest = (float(one) for one in match[2].split(",")[1:])
    samples, errors, valid = (int(one) for one in match[3].split(",")[1:4])
    sound = errors + valid == samples and valid > 0 and least <= mean <= largest
    return Figures(mean, least, largest, samples, valid) if sound else None


def identity(answer: str) -> tuple[str, str, Mapping[str, str]]:
    """Return model, version and what else has a name in the answer to `Identify`."""
    model, *others = (part.strip() for part in answer.split(","))
    named = dict(part.split("=", 1) for part in others if "=" in part)
    if not model or "version" not in named:
        raise ProtocolViolation("ask a PTDaemon to identify itself", shown(answer), "check the port")
    return model, named["version"], named


def ranges(answer: str) -> dict[str, str]:
    """Return the ranges of `A` and `V` in the answer to `RR`, as `SR` takes them: a number, or `Auto`."""
    word, *fields = (part.strip() for part in answer.split(","))
    if word != "Ranges" or len(fields) < 4 or not all(re.fullmatch(_NUMBER, one, re.ASCII) for one in fields[:4]):
        raise ProtocolViolation("ask a PTDaemon for its ranges", shown(answer), "check the port")
    found = {"A": fields[:2], "V": fields[2:4]}
    return {
        name: value if float(auto) == 0 and float(value) > 0 else "Auto" for name, (auto, value) in found.items()
    }


def periods(earlier_s: float, later_s: float, period_s: float, host_s: float) -> int:
    """Return how many periods lie between two time stamps; the host's clock tells which hour it is.

    The stamps are local times, whose hour may be put forward or back, and they begin anew each day.
    """
    passed_s = later_s - earlier_s
    passed_s += 3600 * round((host_s - passed_s) / 3600)
    return round(passed_s / period_s)


def _seconds(match: re.Match[str]) -> float:
    return math.fsum((int(match["h"]) * 3600, int(match["m"]) * 60, float(match["s"])))

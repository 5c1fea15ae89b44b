# SPDX-License-Identifier: Apache-2.0
"""What a monitor or supply was set to, switched to and asked, by the commands on its link.

A table of commands, by their form: an instrument whose commands are not in it is not judged by them.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from energy_runner.session.stream import Passed

_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6}
_NUMBER = r"(\d[\d.]{0,20}(?:E[-+]?\d{1,2})?)()(?:,|\s|$)"
# ST X-NUCLEO-LPM01A: "volt 3000m", "freq 100k". SCPI: "VOLT 3.3,(@1)", "SENS:ELOG:PER 2E-5,(@1)".
_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[float], float]], ...] = (
    ("voltage_v", re.compile(r"volt (\d{1,9})([mu]?)\s*$"), float),
    ("voltage_v", re.compile(r"(?:SOUR\w*:)?VOLT " + _NUMBER), float),
    ("period_s", re.compile(r"freq (\d{1,9})(k?)\s*$"), lambda rate_hz: 1.0 / rate_hz),
    ("period_s", re.compile(r"SENS:ELOG:PER " + _NUMBER), float),
)


_SWITCH = re.compile(r"(?:pwr (on|off)\b|OUTP(?::STAT|:GEN)? (ON|OFF|1|0)\b)")
_ON = frozenset({"on", "ON", "1"})


@dataclass
class Settings:
    """What was last set on one link, and who answered `*IDN?`; None for what no command set or asked.

    A voltage of 0 sets nothing: some supplies are switched off with it.
    """

    voltage_v: float | None = None
    period_s: float | None = None
    on: bool | None = None
    identity: str | None = None
    _asked: bool = False

    def passed(self, bytes_: Passed) -> None:
        """Take bytes of the link."""
        if bytes_.direction == "tx":
            for line in bytes_.data.decode("latin-1").splitlines():
                self._command(line)
        elif self._asked:
            text, end, _ = bytes_.data.decode("latin-1").partition("\n")
            self.identity = (self.identity or "") + text
            self._asked = not end

    def _command(self, line: str) -> None:
        switched = _SWITCH.match(line)
        if switched is not None:
            self.on = (switched[1] or switched[2]) in _ON
        if line.startswith("*IDN?"):
            self._asked, self.identity = True, None
        for name, form, value in _FORMS:
            found = form.match(line)
            if found is None:
                continue
            with suppress(ValueError):  # not a number after all: "1.2.3"
                given = float(found[1]) * _PREFIXES[found[2]]
                if given > 0:
                    setattr(self, name, value(given))

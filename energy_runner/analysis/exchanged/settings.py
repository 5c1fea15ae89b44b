# SPDX-License-Identifier: Apache-2.0
"""The voltage and the sample period that were set, by the commands on the link of a monitor or supply.

A table of commands, by their form: a monitor whose commands are not in it is not judged by them.
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


@dataclass
class Settings:
    """What was last set on one link; None for what no command set. A voltage of 0 only switches off."""

    voltage_v: float | None = None
    period_s: float | None = None

    def passed(self, sent: Passed) -> None:
        """Take bytes on their way to the instrument."""
        for line in sent.data.decode("latin-1").splitlines():
            for name, form, value in _FORMS:
                found = form.match(line)
                if found is None:
                    continue
                with suppress(ValueError):  # not a number after all: "1.2.3"
                    given = float(found[1]) * _PREFIXES[found[2]]
                    if given > 0:
                        setattr(self, name, value(given))

# SPDX-License-Identifier: Apache-2.0
"""What a WT310E says: its readings, the bits of its registers, which models take these commands.

Sources: Yokogawa IM WT310E-17EN, chapter 5 (numbers come as NR3), 7.4 (condition register); IM WT3001E-17EN, page
6-97, taken to hold for its smaller sister: a missing reading is `NAN`, one beyond the range or the display `INF`,
and the time of integration comes in whole seconds.
"""

import math
import re

from instruments.errors import ProtocolViolation, shown
from instruments.scpi.blocks import parse_number
from instruments.scpi.running_sum import Sums, Update

UPDATED = 1  # of the extended event register, where its filter lets the end of an update pass
# Of the condition register: element 1.
OVER = {1 << 6: "a measured value is over", 1 << 7: "voltage peak over range", 1 << 8: "current peak over range"}
HOUR_S = 3600.0
_MODELS = re.compile(r"WT310E(?!H)\b.*")
_WORDS = {"NAN": math.nan, "INF": math.inf, "+INF": math.inf, "-INF": math.inf}


def is_wt310(model: str) -> bool:
    """Return whether a model takes these commands, and its ranges are those of the table."""
    return bool(_MODELS.fullmatch(model))


def readings(line: str, count: int) -> list[float]:
    """Return `count` numbers: NaN for one that is missing, infinite for one beyond the range."""
    words = [word.strip().upper() for word in line.split(",")]
    if len(words) != count:
        raise ProtocolViolation("read a WT310E", f"{shown(line)} instead of {count} numbers", "read it again")
    return [_WORDS[word] if word in _WORDS else parse_number(word) for word in words]


def update(line: str, signals: int) -> Update:
    """Return one update: `signals` numbers, and then watt hours, ampere hours and seconds of the integrator."""
    values = readings(line, signals + 3)
    words = line.split(",")
    watt_hours, ampere_hours, elapsed_s = values[signals:]
    sums = Sums(
        energy_j=watt_hours * HOUR_S,
        energy_step_j=last_digit(words[signals]) * HOUR_S,
        charge_coulomb=ampere_hours * HOUR_S,
        charge_step_coulomb=last_digit(words[signals + 1]) * HOUR_S,
        elapsed_s=elapsed_s,
        current_step_a=last_digit(words[1]),
    )
    return Update(values[:signals], sums)


def last_digit(word: str) -> float:
    """Return one step of the last digit of a number such as `-12.345E-03`; NaN if it is not a number."""
    mantissa, _, exponent = word.strip().upper().partition("E")
    if word.strip().upper() in _WORDS:
        return math.nan
    return float(f"1e{int(exponent or '0') - len(mantissa.partition('.')[2])}")

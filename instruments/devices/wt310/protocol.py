# SPDX-License-Identifier: Apache-2.0
"""What a WT310E says: its readings, the bits of its registers, which models take these commands.

Source: Yokogawa IM WT310E-17EN, chapter 5 (numbers come as NR3), 7.4 (condition register). That a missing reading
is `NAN` and one beyond the range `INF` is what public programs for it take for granted.
"""

import math
import re

from instruments.errors import ProtocolViolation, shown
from instruments.scpi.blocks import parse_number

UPDATED = 1  # of the extended event register, where its filter lets the end of an update pass
# Of the condition register: element 1.
OVER = {1 << 6: "a measured value is over", 1 << 7: "voltage peak over range", 1 << 8: "current peak over range"}
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

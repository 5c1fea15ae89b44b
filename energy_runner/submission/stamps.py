# SPDX-License-Identifier: Apache-2.0
"""Time stamps as the MLCommons runner writes them: `MMDD.hhmmss`."""

import numpy as np


def stamp(utc_ns: int) -> str:
    """Return the stamp of a time in nanoseconds since 1970; all zeros for one out of range."""
    try:
        text = str(np.datetime64(utc_ns, "ns"))  # 2025-07-25T19:22:25.000000000
    except OverflowError:
        return "0000.000000"
    return f"{text[5:7]}{text[8:10]}.{text[11:13]}{text[14:16]}{text[17:19]}"

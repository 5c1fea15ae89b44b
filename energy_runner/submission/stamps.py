# SPDX-License-Identifier: Apache-2.0
"""`MMDD.hhmmss`, the style of stamp that readers of these files know."""

import numpy as np


def stamp(utc_ns: int) -> str:
    """Return the stamp of a time in nanoseconds since 1970."""
    try:
        text = str(np.datetime64(utc_ns, "ns"))  # 2025-07-25T19:22:25.000000000
    except OverflowError:
        return "0000.000000"
    return f"{text[5:7]}{text[8:10]}.{text[11:13]}{text[14:16]}{text[17:19]}"

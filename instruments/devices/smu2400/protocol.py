# SPDX-License-Identifier: Apache-2.0
"""What a 2450, 2460 or 2470 says: models, and the limits of its ranges of current.

Source: Keithley SPEC-2450 Rev. A (July 2013), page 2: accuracy of current measurement for one year at 1 PLC, 23 °C
± 5 °C. The other models are taken to be as good.
"""

import math

from instruments.scpi.blocks import parse_number

MODELS = ("2450", "2460", "2470")
# Range (A): gain (relative) and offset (A).
RANGES = {
    100e-6: (0.0002, 6e-9),
    1e-3: (0.0002, 60e-9),
    10e-3: (0.0002, 600e-9),
    100e-3: (0.00025, 6e-6),
    1.0: (0.0003, 500e-6),
}
TABLE_RANGE_A = 0.1  # what `specification.toml` holds for
TABLE_MODEL = "2450"


def limits_at(range_a: float) -> tuple[float, float]:
    """Return gain (relative) and offset (A) of a range; of one that is not in the table, those of the next.

    Above the largest one, the offset is taken to be the same share of the range.
    """
    largest_a = max(RANGES)
    gain, offset_a = RANGES[min((one for one in RANGES if one >= 0.999 * range_a), default=largest_a)]
    return gain, offset_a * max(1.0, range_a / largest_a)


def another_range(answer: str, range_a: float) -> str:
    """Return in words that the range that is set is not `range_a` (A), for which the limits hold; "" if it is."""
    set_a = parse_number(answer)
    same = math.isclose(set_a, range_a, rel_tol=1e-3)
    return "" if same else f"range_a = {range_a:g}, and its range is {set_a:g} A"

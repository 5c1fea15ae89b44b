# SPDX-License-Identifier: Apache-2.0
"""What is a JS320's own. Topics and options: `doc/js320.json` of jetperch/joulescope_driver.

Its inputs are decimated to 1 MHz by default; here to 2 MHz, the first of eight samples.
"""

from instruments.joulescope.dialect import HZ, SCALES, Model

INPUTS = {"0": "0", "1": "1", "2": "2", "3": "3", "trigger": "7"}
MODEL = Model(
    name="js320",
    title="JS320",
    base_hz=16_000_000,
    stream_hz=tuple(rate for rate in HZ if rate <= 1_000_000 and rate != 500_000),
    set_up=(
        ("s/i/range/mode", "auto"),
        ("s/i/range/min", 0),
        ("s/i/range/max", 5),
        ("s/i/range/src", 0),
        ("s/v/range/mode", "auto"),
        ("s/gpi/src", 0),
        ("s/gpi/+/dwnN/mode", "first"),
        ("s/gpi/+/dwnN/N", 8),
        *SCALES,
    ),
    streams=("s/i", "s/v", "s/p", "s/i/range", *(f"s/gpi/{pin}" for pin in INPUTS.values()), "s/stats"),
    gpi_step=8,
    mean_filter=("s/dwnN/mode", "sinc1"),
    firmware="c/fw/version",
)
IO_REFERENCE = "c/gpio/vref"

# SPDX-License-Identifier: Apache-2.0
"""What is a JS220's own. Topics: `doc/js220.txt` of jetperch/joulescope_driver; `h/filter`: its release 2.5.4."""

from instruments.joulescope.dialect import HZ, SCALES, Model

INPUTS = {"0": "0", "1": "1", "2": "2", "3": "3", "trigger": "7"}
MODEL = Model(
    name="js220",
    title="JS220",
    base_hz=2_000_000,
    stream_hz=tuple(rate for rate in HZ if rate <= 1_000_000),
    set_up=(("s/i/range/mode", "auto"), ("s/v/range/mode", "auto"), *SCALES),
    streams=("s/i", "s/v", "s/p", "s/i/range", *(f"s/gpi/{pin}" for pin in INPUTS.values()), "s/stats"),
    mean_filter=("h/filter", "sinc1"),
    firmware="c/fw/version",
)
IO_REFERENCE = "c/gpio/vref"

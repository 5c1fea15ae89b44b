# SPDX-License-Identifier: Apache-2.0
"""What is a JS110's own. Topics and options: the metadata inside pyjoulescope-driver 2.5.4."""

from instruments.joulescope.dialect import HZ, Model

MODEL = Model(
    name="js110",
    title="JS110",
    base_hz=2_000_000,
    stream_hz=tuple(rate for rate in HZ if rate <= 2_000_000),
    set_up=(
        ("s/i/range/select", 128),  # automatic; 0 would cut the DUT from its supply
        ("s/v/range/select", 0),  # 15 V
        ("s/i/range/mode", 2),  # the samples around a change of range are interpolated, as they are by default
    ),
    streams=("s/i", "s/v", "s/p", "s/i/range", "s/gpi/0", "s/gpi/1", "s/stats"),
    slips=True,
)
IO_VOLTAGE = "s/extio/voltage"

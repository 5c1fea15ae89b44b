# SPDX-License-Identifier: Apache-2.0
"""The twin's external data log: its specification, its period and its FIFO.

Sources: Keysight N6705C guide, "External Data Logging" (periods, FIFO), and the specifications guide of the N6700
modules (limits; `specification.toml` says which are confirmed).
"""

import numpy as np

from instruments.scpi.twin_log import MeterTable

TICK_S = 20.48e-6
TICKS_PER_PARAMETER = 5  # 102.4 us
FIFO_S = 20.0
CONVERTER_S = 5.12e-6  # 200 kHz

# The current ranges of an N6781A, and its 20 V range; the noise figures hold for 102.4 us.
METER = MeterTable(
    name="n6705",
    ranges=np.array(
        [
            (10e-6, 0.00025, 8e-9, 306e-9),
            (1e-3, 0.00025, 100e-9, 306e-9),
            (100e-3, 0.00025, 10e-6, 5.4e-6),
            (3.0, 0.0003, 250e-6, 410e-6),
        ]
    ),
    voltage=(0.00025, 1.2e-3, 0.99e-3),
    clock=50e-6,
    aperture_s=102.4e-6,
    over_range=9.9e37,
)

# SPDX-License-Identifier: Apache-2.0
"""Joulescope JS220: samples current and voltage at up to 1 MHz, and captures edges on one of its inputs.

What it loses is known exactly: the count of samples, `sample_id`, jumps by as much.
"""

from instruments.devices.js220.dialect import INPUTS, IO_REFERENCE, MODEL
from instruments.joulescope.five_inputs import FiveInputs, Options
from instruments.joulescope.instrument import rates_of

__all__ = ["Js220", "Options"]


class Js220(FiveInputs):
    """One JS220."""

    model, inputs, reference = MODEL, INPUTS, IO_REFERENCE
    rates = rates_of(MODEL)

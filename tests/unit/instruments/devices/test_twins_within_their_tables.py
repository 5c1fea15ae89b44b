# SPDX-License-Identifier: Apache-2.0
"""A twin errs within the table that its budget is made from, in every range: else runs on it prove nothing."""

import numpy as np
import pytest

from instruments.devices.n6705.twin_log import METER as N6705
from instruments.devices.ngu.twin import METER as NGU
from instruments.devices.ngu.twin import NGM_METER as NGM
from instruments.devices.otii.twin import ACE_METER, ARC_METER
from instruments.joulescope.twin_streams import METER as JOULESCOPE
from instruments.scpi.twin_log import MeterTable
from instruments.specifications import load

TABLES = {
    "n6705": N6705,
    "ngu": NGU,
    "ngu.ngm": NGM,
    "js110": JOULESCOPE,
    "js220": JOULESCOPE,
    "js320": JOULESCOPE,
    "otii:arc.toml": ARC_METER,
    "otii:ace.toml": ACE_METER,
}
COUNTED = ("gain", "offset", "range_changes")


def limit_a(package: str, current_a: float) -> float:
    """Return the limit of error that the table states for a current (A)."""
    terms = [term for term in load(f"instruments.devices.{package}").terms if term.name in COUNTED]
    return sum(
        term.relative * current_a + term.absolute for term in terms if current_a > term.above or not term.above
    )


@pytest.mark.parametrize(("package", "twin"), TABLES.items(), ids=list(TABLES))
def test_the_limits_of_current_in_every_range(package: str, twin: MeterTable) -> None:
    begins_a = 0.0
    for ends_a, gain, offset_a, _ in twin.ranges:
        for current_a in (1.001 * begins_a, float(np.sqrt(max(begins_a, 1e-9) * ends_a)), ends_a):
            drawn_a = gain * current_a + offset_a
            assert drawn_a <= limit_a(package, current_a) * (1 + 1e-9), (current_a, drawn_a)
        begins_a = ends_a


@pytest.mark.parametrize(("package", "twin"), TABLES.items(), ids=list(TABLES))
def test_the_limits_of_voltage_and_clock(package: str, twin: MeterTable) -> None:
    stated = {term.name: term for term in load(f"instruments.devices.{package}").terms}
    assert twin.voltage[0] <= stated["voltage_gain"].relative
    assert twin.voltage[1] <= stated["voltage_offset"].absolute
    assert twin.clock <= stated["clock"].relative


@pytest.mark.parametrize(("package", "twin"), TABLES.items(), ids=list(TABLES))
def test_how_long_a_range_stays(package: str, twin: MeterTable) -> None:
    terms = [term for term in load(f"instruments.devices.{package}").terms if term.above and term.absolute]
    assert all(term.hold_s >= twin.hold_s for term in terms)

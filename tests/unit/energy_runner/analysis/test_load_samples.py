# SPDX-License-Identifier: Apache-2.0
"""A known load is compared, and a monitor calibrated, by samples that can be and the instrument stands for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.known_load import KnownLoad, mean_reading, verify
from energy_runner.analysis.messages import Messages
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorConfigured, Remark, SamplesOverRange
from tests.unit.energy_runner.analysis.test_known_load import AMPS, GAIN, OHM, VOLTAGE_V, monitor, reader

LOAD = KnownLoad(OHM, 0.1, VOLTAGE_V, 1e-3)
LARGEST = [{"value": 3.36, "unit": "A", "source": "page 2"}]
COUNT = 2002


def configured() -> MonitorConfigured:
    return monitor(GAIN, both=True).model_copy(
        update={"largest": LARGEST, "current_limit_a": 0.2, "supply": "it", "sampler": "it"}
    )


def readings(noise: float = 1e-4) -> np.ndarray:
    return AMPS * np.random.default_rng(1).normal(1.0, noise, COUNT)


def both(folder: Path, current: np.ndarray, facts: Facts | None = None, load: KnownLoad = LOAD) -> list[str]:
    """Return why the comparison refuses the samples, and why the calibration does; "" where one does not."""
    said = []
    with reader(folder, configured(), current, np.full(COUNT, VOLTAGE_V)) as trace:
        for look in (
            lambda: verify(trace, configured(), load, virtual=True, facts=facts),
            lambda: mean_reading(trace, configured(), "current", facts),
        ):
            try:
                look()
                said.append("")
            except SessionError as error:
                said.append(str(error))
    return said


def test_right_readings_are_refused_by_none(tmp_path: Path) -> None:
    assert both(tmp_path, readings()) == ["", ""]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (
            lambda current: current.__setitem__(700, 4.0),
            "1 samples cannot be, the first at 700: a reading of current of 4 A",
        ),
        (lambda current: current.__setitem__(700, -AMPS), "below zero by more than offset and noise"),
        (lambda current: current.__setitem__(700, 3.0), "ten times the samples beside it"),
        (lambda current: current.__setitem__(slice(700, 720), 0.3), "above the 0.22 A that can last"),
        (lambda current: current.__setitem__(slice(700, 800), AMPS), "100 times in a row"),
    ],
)
def test_samples_that_cannot_be_refuse_both(spoil: Callable[[np.ndarray], None], why: str, tmp_path: Path) -> None:
    current = readings()
    spoil(current)
    said = both(tmp_path, current)
    assert all(why in one and "Try: again" in one for one in said), said


def test_samples_in_doubt_make_a_comparison_uncertain_and_no_calibration(tmp_path: Path) -> None:
    current = readings()
    current[50::100] = 0.0
    with reader(tmp_path, configured(), current, np.full(COUNT, VOLTAGE_V)) as trace:
        found = verify(trace, configured(), LOAD, virtual=True)
        assert found.U_w / found.known_w == pytest.approx(0.0174, rel=0.02)  # 1 % of gain, and 1 % in doubt
        assert found.agrees
        with pytest.raises(
            SessionError, match="20 samples may be misread, the first with a reading of current of 0 A"
        ):
            mean_reading(trace, configured(), "current")


def test_pulses_of_the_load_are_its_own(tmp_path: Path) -> None:
    pulsed = np.full(COUNT, 2e-5)
    pulsed[5::50] = AMPS
    load = KnownLoad(OHM, 0.1, VOLTAGE_V, 1e-3, pulse_s=1e-3, period_s=0.05)
    said, _ = both(tmp_path, pulsed, load=load)
    assert said == ""


@pytest.mark.parametrize(
    ("bend", "why"),
    [
        (
            lambda facts: facts.over_range.append(over(900)),
            "3 samples are beyond the monitor's range, the first at 900",
        ),
        (lambda facts: facts.messages.said(error(900), 1e-3), "did not work as it should"),
    ],
)
def test_what_the_instrument_says_of_itself_refuses_both(
    bend: Callable[[Facts], None], why: str, tmp_path: Path
) -> None:
    facts = Facts(monitor=configured(), messages=Messages())
    bend(facts)
    assert all(why in one for one in both(tmp_path, readings(), facts))


def over(at: int) -> SamplesOverRange:
    return SamplesOverRange(t_ns=0, at=at, count=3, detail="")


def error(at: int) -> Remark:
    return Remark(
        t_ns=0, box="it", text="error target voltage drop", suspicious=True, about="error", after=at, before=at
    )

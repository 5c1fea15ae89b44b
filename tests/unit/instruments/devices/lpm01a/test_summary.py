# SPDX-License-Identifier: Apache-2.0
"""The summary after an acquisition: handed over once, for the acquisition that it belongs to."""

import numpy as np
import pytest

from instruments.clock import VirtualClock, to_ns
from instruments.conformance import Subject, examine
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.devices.lpm01a.twin import VirtualLpm01a
from instruments.roles import Lost, Summary
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.lpm01a_bench import bench, joined, of_type, suspicious


@pytest.mark.parametrize("dialect", ["completed", "end"])
def test_the_driver_conforms_in_either_dialect(dialect: str) -> None:
    def subject() -> Subject:
        world = World(VirtualClock(), 11)
        twin = VirtualLpm01a(world, "subject", end_dialect=dialect)
        world.on_power(lambda powered: world.draw(0.005 if powered else 0.0))
        driver = Lpm01a(CableLink("subject", world.clock, twin.port), world.clock)
        return Subject(driver, world.clock, ("supply", "sampler", "edges"), pulse=world.pin_falls)

    assert [problem for _, problem in examine(subject) if problem] == []


def test_firmware_without_a_summary_claims_none() -> None:
    b = bench().streaming()
    assert of_type(b.record(1) + b.stop(), Summary) == []
    assert not b.monitor.capabilities.sums_up


def test_the_extremes_are_those_of_the_text_with_a_step_of_their_last_digit() -> None:
    b = bench(dialect="end").streaming()
    b.clock.call_after(to_ns(0.5), lambda: b.world.draw(0.001))
    items = b.record(1) + b.stop()
    (summary,) = of_type(items, Summary)
    values = joined(items)
    assert np.float32([summary.least, summary.largest]).tolist() == [values.min(), values.max()]
    assert (summary.least_step, summary.largest_step, summary.signal) == (1e-9, 1e-8, "energy")
    assert (summary.samples, summary.charge_coulomb, summary.energy_j) == (None, None, None)


def test_samples_that_were_lost_are_in_the_summary() -> None:
    b = bench(dialect="end", ideal=True).streaming()
    b.world.faults.drop_buffer_at_ns = b.clock.now_ns() + to_ns(1.5)
    b.clock.call_after(to_ns(1.55), lambda: b.world.draw(0.001))
    b.clock.call_after(to_ns(1.65), lambda: b.world.draw(0.0123457))
    items = b.record(3) + b.stop()
    (summary,) = of_type(items, Summary)
    assert [lost.missing for lost in of_type(items, Lost)] == [250]
    assert summary.least == pytest.approx(3e-6, rel=1e-3)
    assert joined(items).min() == pytest.approx(37.04e-6, rel=1e-3)


def test_a_shield_that_ends_by_itself_sums_up_what_it_sent() -> None:
    b = bench(dialect="end").streaming()
    b.clock.sleep(30)  # longer than its buffer holds
    items = [*b.monitor.poll(b.deadline()), *b.stop()]
    assert any("ended by itself" in text for text in suspicious(items))
    (summary,) = of_type(items, Summary)
    assert np.float32(summary.largest) == joined(items).max()
    assert b.stop() == []


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        (
            b"summary beg\r\n1000-08\r\n2000-08\r\nsummary end\r\n",
            "the shield sums up no acquisition: 1e-05, 2e-05",
        ),
        (b"summary beg\r\nsummary end\r\n", "the shield sums up no acquisition: no figures"),
    ],
)
def test_a_summary_that_no_acquisition_asked_for_is_a_remark(text: bytes, remark: str) -> None:
    b = bench().streaming()
    b.twin.port.emit(text)  # in the middle of the stream
    items = b.record(0.2) + b.stop()
    b.monitor.start(b.deadline())
    items += b.stop()
    assert of_type(items, Summary) == []
    assert any(remark in item.text for item in items if hasattr(item, "text"))


def test_a_summary_with_other_than_two_figures_says_nothing() -> None:
    b = bench().streaming()
    b.record(0.2)
    b.world.faults.corrupt["monitor>host"] = lambda data: data.replace(
        b"Acquisition completed\r\n", b"end\r\nsummary beg\r\n1000-08\r\nsummary end\r\n"
    )
    items = b.stop()
    assert of_type(items, Summary) == []
    assert any("a summary of 1 figures" in text for text in suspicious(items))

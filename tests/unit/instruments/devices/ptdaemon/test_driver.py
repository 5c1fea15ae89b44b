# SPDX-License-Identifier: Apache-2.0
"""The PTDaemon client against its twin, in virtual time."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from pydantic import ValidationError

from instruments.clock import Deadline, VirtualClock
from instruments.devices.ptdaemon import twin as twins
from instruments.devices.ptdaemon.driver import Options, PtDaemon
from instruments.devices.ptdaemon.twin import VirtualPtDaemon
from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import Lost, Note, Samples, SamplingSettings, StreamItem, Summary
from instruments.specifications import load
from instruments.world.cable import CableLink
from instruments.world.world import World
from tests.support.n6705_bench import busy, check_indexes, of


@dataclass
class Bench:
    world: World
    twin: VirtualPtDaemon
    client: PtDaemon

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    def within(self, seconds: float = 10.0) -> Deadline:
        return self.clock.deadline(seconds)

    def ready(self) -> "Bench":
        self.world.set_supply(True, 3.0)
        self.world.draw(0.010)
        self.client.open(self.within())
        self.client.configure(SamplingSettings(), self.within())
        self.client.start(self.within())
        return self

    def log(self, seconds: float, every_s: float = 0.1) -> list[StreamItem]:
        items: list[StreamItem] = []
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        while self.clock.now_ns() < end_ns:
            self.clock.sleep(min(every_s, (end_ns - self.clock.now_ns()) / 1e9))
            items += self.client.poll(self.within())
        return items

    def stop(self) -> list[StreamItem]:
        return list(self.client.stop(self.within()))


def placed(items: list[StreamItem]) -> list[StreamItem]:
    """Return what has its place among the samples."""
    return [item for item in items if isinstance(item, Samples | Lost)]


def make(seed: int = 1, *, ideal: bool = True, direct: bool = False, **options: float) -> Bench:
    clock = VirtualClock()
    world = World(clock, seed, ideal=ideal)
    twin = VirtualPtDaemon(world, direct=direct)
    return Bench(world, twin, PtDaemon(CableLink("monitor", clock, twin.port), clock, Options(**options)))


def test_the_identity_names_the_analyzer_and_says_that_it_is_a_twin() -> None:
    bench = make()
    identity = bench.client.open(bench.within())
    assert (identity.make, identity.model, identity.firmware) == ("SPEC PTDaemon", "Yokogawa WT310", "1.11.1-twin")
    assert identity.virtual


def test_something_else_on_the_port_is_named() -> None:
    bench = make()
    bench.world.faults.corrupt["monitor>host"] = lambda data: (
        b"220 mail.example ESMTP Postfix, what do you want here?\r\n"
    )
    with pytest.raises(ProtocolViolation):
        bench.client.open(bench.within())


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("every_s", [0.1, 0.7, 3.3])
def test_each_second_is_one_sample_of_the_true_mean(direct: bool, every_s: float) -> None:
    bench = make(direct=direct).ready()
    start_ns = bench.clock.now_ns()
    busy(bench.world, 12.0)
    items = [*bench.log(9.9, every_s), *bench.stop()]
    assert {type(item) for item in items} == {Samples, Note, Summary}
    count = check_indexes(placed(items))
    assert count == 10
    truth_w = np.diff(bench.world.history.energy_j(start_ns + np.arange(count + 1) * 1e9))
    found_w = np.concatenate([item.values[0] for item in of(Samples, items)])
    assert found_w == pytest.approx(truth_w, abs=1e-6)


def test_what_an_earlier_client_left_is_ended_and_not_ours() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    bench.ready()
    items = [*bench.log(3.0), *bench.stop()]
    assert check_indexes(of(Samples, items)) >= 3
    assert all(float(s.values[0][0]) == pytest.approx(0.030) for s in of(Samples, items))


def test_ranges_are_set_read_back_and_put_back() -> None:
    bench = make(voltage_range_v=300.0, current_range_a=0.5)
    bench.world.faults.left_over = {"A": "2.0"}
    bench.ready()
    assert bench.twin.ranges == {"A": "0.5", "V": "300"}
    bench.client.close()
    assert bench.twin.ranges == {"A": "2.0", "V": "Auto"}


def test_ranges_that_are_not_given_stay() -> None:
    bench = make().ready()
    bench.client.close()
    assert bench.twin.ranges == {"A": "Auto", "V": "Auto"}


@pytest.mark.parametrize("refused", ["Go", "SR,A", "Identify", "RR"])
def test_a_refusal_ends_with_the_daemons_words(refused: str) -> None:
    bench = make(current_range_a=0.5)
    bench.world.faults.refuse = {refused}
    with pytest.raises(Refused, match="Error: refused"):
        bench.ready()


def test_another_rate_is_refused() -> None:
    bench = make()
    bench.client.open(bench.within())
    with pytest.raises(Refused, match="sample rate"):
        bench.client.configure(SamplingSettings(10.0), bench.within())


@pytest.mark.parametrize("seed", range(4))
def test_an_analyzer_with_errors_stays_inside_its_limits(seed: int) -> None:
    bench = make(seed, ideal=False).ready()
    items = [*bench.log(10.0), *bench.stop()]
    assert of(Lost, items) == []
    mean_w = float(np.mean([float(s.values[0][0]) for s in of(Samples, items)]))
    assert 1e-6 < abs(mean_w / 0.030 - 1) < twins.STATED < twins.GAIN
    terms = {term.name: term for term in load("instruments.devices.ptdaemon").terms}
    assert terms["gain"].relative == twins.GAIN
    assert all(term.assumed for term in terms.values() if term.relative or term.absolute)


def test_a_second_that_is_missing_is_lost() -> None:
    bench = make().ready()
    bench.world.faults.drop_buffer_at_ns = bench.clock.now_ns() + 3_500_000_000
    items = [*bench.log(6.0), *bench.stop()]
    [lost] = of(Lost, items)
    assert (lost.after, lost.before, lost.missing) == (3, 4, 1)
    check_indexes(placed(items))


def test_what_the_analyzer_did_not_give_is_lost() -> None:
    bench = make().ready()
    items = bench.log(2.5)
    bench.world.faults.over_range_above_a = 0.001
    items += bench.log(1.0)
    [lost] = of(Lost, items)
    assert "-1" in lost.detail


def test_an_error_of_the_analyzer_is_noted() -> None:
    bench = make()
    bench.world.faults.error_at_ns = 3_500_000_000
    bench.ready()
    items = [*bench.log(6.0), *bench.stop()]
    note, *_ = of(Note, items)
    assert (note.about, note.suspicious) == ("error", True)
    assert note.after <= 3 <= note.before


def test_a_late_answer_does_not_answer_the_next_question_and_lost_samples_are_noticed() -> None:
    bench = make().ready()
    items = bench.log(2.5)
    late: list[bytes] = []
    bench.world.faults.corrupt["monitor>host"] = lambda data: late.append(data) or b""
    bench.clock.sleep(0.8)
    with pytest.raises(TimedOut):
        bench.client.poll(bench.within(1.0))
    bench.world.faults.corrupt.clear()
    bench.twin.port.emit(b"".join(late))
    items += [*bench.log(4.0), *bench.stop()]
    lost = of(Lost, items)
    assert 1 <= sum(one.missing for one in lost) <= 3
    check_indexes(placed(items))


def test_silence_ends_by_the_deadline() -> None:
    bench = make().ready()
    bench.world.faults.silent.add("monitor")
    began_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut):
        bench.client.poll(bench.within(2.0))
    assert bench.clock.now_ns() - began_ns <= 2_500_000_000


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan, 1e9])
@pytest.mark.parametrize("key", ["voltage_range_v", "current_range_a"])
def test_a_range_that_no_analyzer_has_is_refused_with_the_bench_file(key: str, value: float) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate({key: value})

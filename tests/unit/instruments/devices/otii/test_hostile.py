# SPDX-License-Identifier: Apache-2.0
"""Answers of the Otii server that no sound one gives: each is a violation or a refusal, none becomes a figure."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from instruments.errors import ProtocolViolation, Refused, TimedOut
from instruments.roles import OverRange, Samples
from tests.support.otii_bench import Bench, make

Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


def answering(bench: Bench, wanted: str, change: Change) -> Bench:
    """Have the answers to `wanted` changed: `change(data that was sent, answer)` returns another."""
    run = bench.twin._run

    def changed(command: str, data: Mapping[str, Any]) -> dict[str, Any] | None:
        answer = run(command, data)
        return change(dict(data), dict(answer or {})) if command == wanted else answer

    bench.twin._run = changed  # type: ignore[method-assign]
    return bench


def always(**values: Any) -> Change:
    return lambda asked, answer: answer | values


def on(channel: str, **values: Any) -> Change:
    return lambda asked, answer: answer | values if asked["channel"] == channel else answer


def later(**values: Any) -> Change:
    """Change all blocks but the first."""
    return lambda asked, answer: answer | values if asked.get("index") else answer


FALLS = [{"timestamp": at_s, "value": high} for at_s, high in ((0.02, True), (0.03, False), (0.01, True))]
DATA, INFO, COUNT = (f"recording_get_channel_{what}" for what in ("data", "info", "data_count"))


@pytest.mark.parametrize(
    ("command", "change", "says"),
    [
        ("otii_get_active_project", always(project_id=1.5), "'project_id' is 1.5"),
        ("otii_get_active_project", always(project_id=-7), "'project_id' is -7"),
        ("project_get_last_recording", always(recording_id=0.4), "'recording_id' is 0.4"),
        ("arc_get_channel_samplerate", always(value=1 << 53), "'value' is 9.0072e"),
        (INFO, always(**{"from": -1e308, "to": 1e308}), "inf s are said to be recorded"),
        (INFO, always(to=3600.0), "3600 s are said to be recorded, after at most"),
        (INFO, always(to=-1.0), "-1 s are said to be recorded"),
        (DATA, later(timestamp=1e308), r"a block at 1e\+308 s, after at most"),
        (DATA, later(timestamp=3600.0), "a block at 3600 s, after at most"),
        (DATA, on("mc", interval=1e-3), "current every 0.001 s, and by its sample rate it is 0.00025 s"),
        (DATA, on("mv", interval=2e-3), "voltage every 0.002 s, and by its sample rate it is 0.001 s"),
        (DATA, on("mv", values=["3.0"]), "readings that are no numbers, as '3.0'"),
        (DATA, on("mv", values=[3.0, True]), "readings that are no numbers, as 'True'"),
        (DATA, on("i1", values=FALLS[:1] * 2), "fetch 1 changes of the input"),
        (DATA, on("i1", values=[{"timestamp": 1e300, "value": True}]), "a change of the input at 1e.300 s, after"),
        (DATA, on("i1", values=[{"timestamp": 99.0, "value": True}]), "a change of the input at 99 s, after at"),
    ],
)
def test_an_answer_that_cannot_be_is_a_violation(command: str, change: Change, says: str) -> None:
    bench = answering(make(), command, change)
    with pytest.raises(ProtocolViolation, match=says):
        bench.ready().log(2.0)
    bench.monitor.close()
    assert not bench.twin.port.is_open


@pytest.mark.parametrize(
    ("command", "change", "says"),
    [
        ("arc_get_main_voltage", always(value=5.0), "set 3 at monitor: arc_get_main_voltage says 5"),
        ("arc_get_max_current", always(value=5.0), "set 0.5 at monitor: arc_get_max_current says 5"),
        (
            "arc_get_channel_samplerate",
            lambda asked, answer: {"value": 900_000 if asked["channel"] == "mc" else 1},
            "one period",
        ),
    ],
)
def test_a_setting_that_is_another_is_refused(command: str, change: Change, says: str) -> None:
    bench = answering(make(), command, change)
    with pytest.raises(Refused, match=says):
        bench.ready()


def test_the_readings_of_another_recording_are_not_taken_for_ours() -> None:
    bench = make()
    bench.world.faults.stale_stream = True
    start = bench.twin._commands["project_start_recording"]
    bench.twin._commands["project_start_recording"] = lambda data: None  # answered, and not done
    with pytest.raises(Refused, match="the last recording of the project is 0, as before"):
        bench.ready()
    bench.twin._commands["project_start_recording"] = start
    bench.monitor.start(bench.within())
    assert bench.log(0.5)


def test_readings_that_vanish_end_the_recording() -> None:
    bench = make().ready()
    bench.log(0.5)
    answering(bench, COUNT, lambda asked, answer: {"count": answer["count"] // 2})
    with pytest.raises(ProtocolViolation, match=r"and \d+ before"):
        bench.log(0.2)


def test_a_recording_that_another_program_ended_is_noticed() -> None:
    bench = make().ready()
    bench.log(0.5)
    bench.twin.recordings[-1].stop_ns = bench.clock.now_ns()
    with pytest.raises(TimedOut, match="no reading has come for 2 s"):
        bench.log(5.0)
    assert bench.clock.now_ns() < 4e9
    bench.stop()


def test_changes_that_go_back_in_time_are_a_violation() -> None:
    bench = answering(make(), COUNT, on("i1", count=len(FALLS)))
    answering(bench, DATA, on("i1", values=FALLS))
    with pytest.raises(ProtocolViolation, match=r"a change of the input at 0\.01 s after one at 0\.03 s"):
        bench.ready().log(1.0)


@pytest.mark.parametrize("channel", ["mc", "mv"])
@pytest.mark.parametrize("value", [1e308, -1e308, None])
def test_a_reading_that_no_sample_can_hold_is_over_range(channel: str, value: float | None) -> None:
    def change(asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"values": [value, *answer["values"][1:]]} if asked["channel"] == channel else answer

    items = answering(make(), DATA, change).ready().log(0.3)
    blocks = [item for item in items if isinstance(item, Samples)]
    assert blocks
    over = {item.at for item in items if isinstance(item, OverRange) and item.count == 4}
    assert over == {block.first for block in blocks}
    assert not any(np.isinf(values).any() for block in blocks for values in block.values)
    assert all(math.isnan(float(block.values[0 if channel == "mc" else 1][0])) for block in blocks)


def test_voltage_that_leaves_the_place_of_the_current_is_noted_in_each_block() -> None:
    bench = answering(make(), DATA, lambda asked, answer: answer)
    items = bench.ready().log(0.3)
    assert not [item for item in items if "voltage begins" in getattr(item, "text", "")]
    answering(
        bench,
        DATA,
        lambda asked, answer: (
            answer | {"timestamp": answer.get("timestamp", 0) + 0.02 * (asked["channel"] == "mv")}
        ),
    )
    items = bench.log(0.3)
    blocks = [item for item in items if isinstance(item, Samples)]
    notes = [item for item in items if "voltage begins +0.02 s after current" in getattr(item, "text", "")]
    assert [(note.after, note.before) for note in notes] == [(b.first, b.first + b.count) for b in blocks]  # type: ignore[union-attr]


@pytest.mark.parametrize("volt", [-3.0, -1e308])
def test_a_voltage_below_zero_does_not_confirm_that_the_supply_is_off(volt: float) -> None:
    bench = make().ready()
    bench.world.faults.power_stays_on = True
    answering(bench, "arc_get_value", always(value=volt))
    with pytest.raises(Refused, match="says off, but the output is at -"):
        bench.monitor.power_off(bench.within())


def test_an_answer_to_another_question_is_none() -> None:
    bench = make().ready()
    say = bench.twin._say
    bench.twin._say = lambda message: say({**message, "cmd": "arc_get_max_current"})  # type: ignore[method-assign]
    with pytest.raises(ProtocolViolation, match="answered as if it had been 'arc_get_max_current'"):
        bench.monitor.measured_voltage_v(bench.within())


def test_what_the_server_says_unasked_without_end_is_counted_and_not_kept() -> None:
    bench = make().ready()
    for _ in range(250):
        bench.twin._say({"type": "information", "info": "x", "data": {"much": "y" * 1000}})
    items = bench.log(1.5)
    texts = [getattr(item, "text", "") for item in items]
    assert sum('"info": "x"' in text for text in texts) == 100
    assert texts.count("150 more messages that answer no request") == 1


@pytest.mark.parametrize("key", ["errorcode", "cmd", "trans_id"])
@pytest.mark.parametrize("value", [[[]], {"a": 1}, 7, None])
def test_words_of_another_type_are_a_violation(key: str, value: object) -> None:
    bench = make().ready()
    say = bench.twin._say
    bench.twin._say = lambda message: say({**message, key: value})  # type: ignore[method-assign]
    with pytest.raises(ProtocolViolation, match="a message of the wrong form"):
        bench.monitor.measured_voltage_v(bench.within())

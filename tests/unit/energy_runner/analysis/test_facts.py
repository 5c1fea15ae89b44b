# SPDX-License-Identifier: Apache-2.0
"""Events sorted by kind: lists too long to keep, numbers that no run can produce, commands and their answers."""

from pathlib import Path
from typing import Any

import pytest

from energy_runner.analysis.facts import Facts, Listed, gather
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from tests.support.synthetic import Setup, make_run

# --- lists ----------------------------------------------------------------------------------------------


def remarks(count: int) -> list[ev.Remark]:
    return [ev.Remark(t_ns=k, box="dut", text=str(k)) for k in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 1999, 2000, 2001, 2002, 4100])
def test_a_list_of_any_length_is_read_as_often_as_one_likes(count: int) -> None:
    told = remarks(count)
    others = [ev.LapCaptured(t_ns=k, lap_us=k) for k in range(3)]
    facts = gather([*others, *told, *others])
    assert len(facts.remarks) == count
    assert list(facts.remarks) == told
    assert list(facts.remarks) == told
    assert all((one in facts.remarks) == (count > one.t_ns) for one in remarks(3))
    assert ev.Remark(t_ns=0, box="dut", text="another") not in facts.remarks


def test_few_events_need_no_source_and_of_many_none_is_kept() -> None:
    few: Listed[ev.Remark] = Listed(ev.Remark)
    for remark in remarks(2000):
        few.append(remark)
    assert list(few) == remarks(2000)
    few.append(remarks(1)[0])
    assert (len(few), list(few)) == (2001, [])


def test_a_long_list_is_read_from_the_journal(tmp_path: Path) -> None:
    run = make_run(Setup(windows=1))
    last_ns = run.events[-1].t_ns
    told = [remark.model_copy(update={"t_ns": last_ns}) for remark in remarks(2100)]
    run.events[-1:-1] = told
    facts = gather(run.write(tmp_path / "s").journal())
    assert list(facts.remarks) == told
    assert list(facts.inferences) == [event for event in run.events if isinstance(event, ev.InferenceDone)]


# --- what is found --------------------------------------------------------------------------------------


def test_the_sampler_is_the_box_that_the_monitor_names() -> None:
    monitor = next(e for e in make_run(Setup(windows=1)).events if isinstance(e, ev.MonitorConfigured))
    boxes = [ev.DeviceIdentified(t_ns=0, box=name, identity={}) for name in ("io", "scope", "monitor")]
    facts = gather([monitor.model_copy(update={"sampler": "scope"}), *boxes])
    assert facts.sampler() == boxes[1]
    assert gather([monitor, *boxes[:2]]).sampler() is None
    assert gather(boxes).sampler() is None


def test_signals_are_means_unless_they_say_otherwise() -> None:
    monitor = next(e for e in make_run(Setup(windows=1)).events if isinstance(e, ev.MonitorConfigured))
    signals = [{"name": "current", "unit": "A"}, {"name": "voltage", "unit": "V", "kind": "instant"}]
    assert gather([monitor.model_copy(update={"signals": signals})]).kinds() == {
        "current": "mean",
        "voltage": "instant",
    }
    assert gather([]).kinds() == {}


def test_arrivals_that_bring_nothing_new_are_left_out() -> None:
    ends = [0, 10, 10, 5, 9, 20, 19, 21]
    facts = gather([ev.SamplesArrived(t_ns=100 + k, end=end) for k, end in enumerate(ends)])
    found, times_ns = facts.arrival_line()
    assert found.tolist() == [0, 10, 20, 21]
    assert times_ns.tolist() == [100, 101, 105, 107]
    assert [part.tolist() for part in gather([]).arrival_line()] == [[], []]


def test_unknown_events_are_counted_by_kind_and_the_first_is_named() -> None:
    unknown = [
        ev.UnknownEvent(t_ns=0, kind=kind, line=line, fields={})
        for kind, line in (("later", 7), ("other", 8), ("later", 9), ("later", 12))
    ]
    facts = gather(unknown)
    assert facts.unknown == {"later": 3, "other": 1}
    assert facts.first_unknown_line == 7
    assert (gather([]).unknown, gather([]).first_unknown_line) == ({}, None)


@pytest.mark.parametrize(
    ("ended", "torn", "outcome"), [(True, False, "completed"), (True, True, "killed"), (False, False, "killed")]
)
def test_a_run_that_does_not_say_how_it_ended_was_killed(ended: bool, torn: bool, outcome: str) -> None:
    stopped = next(e for e in make_run(Setup(windows=1)).events if isinstance(e, ev.RunStopped))
    assert Facts(ended=stopped if ended else None, torn=torn).outcome == outcome
    assert Facts(ended=stopped).outcome == "completed"


def test_what_the_journal_indexes_of_the_stream_ends_with_its_last_chunk() -> None:
    chunks = [
        ev.StreamChunk(t_ns=0, offset=offset, length=length, exchanges=1, devices=["dut"])
        for offset, length in ((0, 10), (10, 5))
    ]
    assert [gather(chunks[:count]).stream_bytes for count in (0, 1, 2)] == [0, 10, 15]


# --- commands -------------------------------------------------------------------------------------------


def command(t_ns: int, purpose: ev.Purpose) -> ev.EdgesExpected:
    return ev.EdgesExpected(t_ns=t_ns, purpose=purpose, count=2)


def done(t_ns: int, purpose: ev.Purpose, **more: Any) -> ev.InferenceDone:
    given: dict[str, Any] = {
        "stimulus": 0,
        "inferences": 1,
        "warmups": 0,
        "sent_ns": 0,
        "start_line_ns": None,
        "done_line_ns": None,
        "results": [],
        "dut_laps_us": [],
    }
    return ev.InferenceDone(t_ns=t_ns, purpose=purpose, **given | more)


def test_each_command_ends_with_the_next_and_has_its_own_answer() -> None:
    first, third = done(15, "trial"), done(35, "window")
    facts = gather(
        [
            command(10, "trial"),
            first,
            command(20, "window"),
            ev.AcquisitionStarted(t_ns=22),
            command(30, "window"),
            third,
            done(36, "window"),  # a second answer to the same command
            command(40, "sync"),
            done(45, "window"),  # none of a `sync`
        ]
    )
    assert [one.next_ns for one in facts.commands] == [20, 30, 40, None]
    assert [one.inference for one in facts.commands] == [first, None, third, None]
    assert [one.recorded for one in facts.commands] == [False, False, True, True]
    assert [one.t_ns for one in facts.windows()] == [35, 36, 45]


def test_an_answer_without_a_command_is_kept_by_itself() -> None:
    facts = gather([done(5, "window")])
    assert (facts.commands, len(facts.windows())) == ([], 1)


# --- numbers --------------------------------------------------------------------------------------------

EVENTS: dict[str, ev.AnyEvent] = {
    "edge-captured": ev.EdgeCaptured(t_ns=0, position=1.0, half_width=0.0, counter=None),
    "lap-captured": ev.LapCaptured(t_ns=0, lap_us=0),
    "samples-arrived": ev.SamplesArrived(t_ns=0, end=0),
    "samples-lost": ev.SamplesLost(t_ns=0, after=0, before=1, missing=1, detail=""),
    "samples-over-range": ev.SamplesOverRange(t_ns=0, at=0, count=1, detail=""),
    "monitor-summary": ev.MonitorSummary(t_ns=0),
    "acquisition-stopped": ev.AcquisitionStopped(t_ns=0, samples=0, received=0),
    "monitor-configured": ev.MonitorConfigured(
        t_ns=0,
        voltage_set_v=1.0,
        period_s=1.0,
        signals=[],
        captures_edges=False,
        starts_on_edge=False,
        accuracy={},
    ),
    "inference-done": done(0, "window"),
    "edges-expected": command(0, "window"),
}
COUNTS = [
    ("lap-captured", "lap_us"),
    ("samples-arrived", "end"),
    *(("samples-lost", name) for name in ("after", "before", "missing")),
    *(("samples-over-range", name) for name in ("at", "count")),
    ("monitor-summary", "samples"),
    *(("acquisition-stopped", name) for name in ("samples", "received")),
]


@pytest.mark.parametrize(
    ("kind", "name", "good", "bad"),
    [
        *((kind, name, (0, 2**53), (-1, 2**53 + 2)) for kind, name in COUNTS),
        ("edge-captured", "position", (-1.0, 2.0**53), (-1.001, 2.0**53 + 2)),
        ("edge-captured", "half_width", (0.0, 2.0**53), (-1e-9, 2.0**53 + 2)),
        ("monitor-configured", "period_s", (1e-12, 1e6), (0.99e-12, 1.01e6)),
        ("monitor-configured", "voltage_set_v", (0.0, 1e6), (-1e-9, 1.01e6)),
        *(
            ("inference-done", name, (0, 2**63), (-1, 2**64))
            for name in ("sent_ns", "start_line_ns", "done_line_ns")
        ),
        ("inference-done", "inferences", (1, 2**53), (0, 2**53 + 2)),
        ("edges-expected", "count", (0, 1000), (-1, 1001)),
    ],
)
def test_a_number_that_no_run_can_produce_is_refused(
    kind: str, name: str, good: tuple[float, float], bad: tuple[float, float]
) -> None:
    for value in good:
        gather([EVENTS[kind].model_copy(update={name: value})])
    for value in (*bad, float("nan")):
        with pytest.raises(SessionError, match=f"the journal holds a {kind} with {name} = {value}"):
            gather([EVENTS[kind].model_copy(update={name: value})])


def test_a_number_that_is_not_told_is_no_mistake() -> None:
    facts = gather([EVENTS["monitor-summary"], EVENTS["inference-done"]])
    assert facts.summary == EVENTS["monitor-summary"]

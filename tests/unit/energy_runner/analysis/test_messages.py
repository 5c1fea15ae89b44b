# SPDX-License-Identifier: Apache-2.0
"""What the sampler says beside its samples, and which windows it withholds."""

import math

import pytest

from energy_runner.analysis import messages as room
from energy_runner.analysis.facts import gather
from energy_runner.analysis.messages import TABLE, Messages, row_of, within
from energy_runner.rules import evaluate
from energy_runner.session.events import AcquisitionStarted, MonitorConfigured, Remark, SamplesArrived
from instruments.devices.lpm01a.protocol import ErrorDetail, ErrorReply, Garbage, PowerState, Text
from instruments.devices.lpm01a.stream import note
from tests.support.synthetic import host_ns, make_run

PERIOD_S, MARGIN = 1e-3, 100


def remark(text: str = "?", about: str = "", box: str = "monitor", **place: int) -> Remark:
    return Remark(t_ns=0, box=box, text=text, suspicious=True, about=about, **place)


def said(*events: Remark | int) -> list[tuple[float, float]]:
    """The places of messages that withhold windows; a number is the end of the samples that arrived."""
    messages = Messages()
    for event in events:
        if isinstance(event, int):
            messages.arrived(event, PERIOD_S)
        else:
            messages.said(event, PERIOD_S)
    return [(one.after, one.before) for one in messages.found]


@pytest.mark.parametrize(
    ("about", "consequence"),
    [
        ("error", "withhold"),
        ("ended", "withhold"),
        ("supply-off", "withhold"),
        ("surplus-samples", "withhold"),
        ("lost-edge", "remark"),
        ("filling", "remark"),
        ("unreadable", "remark"),
    ],
)
def test_each_kind_has_its_consequence(about: str, consequence: str) -> None:
    row = row_of(remark(about=about))
    assert row is not None
    assert (row.consequence, bool(row.why)) == (consequence, True)
    assert len(said(remark(about=about, after=5, before=6))) == (consequence == "withhold")


@pytest.mark.parametrize(
    "event",
    [ErrorReply("target voltage drop"), ErrorDetail("x"), Garbage(b"#"), Text("hello"), PowerState(on=False)],
)
def test_the_text_of_older_versions_means_the_same(event: object) -> None:
    now = note(event)
    new, old = row_of(remark(now.text, now.about)), row_of(remark(now.text))
    assert new is not None
    assert old is not None
    assert (new.about, new.consequence) == (old.about, old.consequence)


def test_what_is_in_no_row_is_a_remark() -> None:
    assert row_of(remark("the first event is number 3")) is None
    assert row_of(remark("anything", "a kind of a later version")) is None
    assert {row.about for row in TABLE} >= {"error", "unreadable"}


def test_a_message_lies_where_its_driver_says_with_what_it_may_come_late() -> None:
    assert said(remark(about="error", after=5000, before=5200)) == [(5000 - MARGIN, 5200 + MARGIN)]


def test_a_message_without_a_place_lies_among_the_samples_that_arrived_with_it() -> None:
    text = "the shield reports: error target voltage drop"
    assert said(900, remark(text), 1000, 1100) == [(900 - MARGIN, 1000 + MARGIN)]
    assert said(900, remark(text)) == [(900 - MARGIN, math.inf)]
    asked = "error during the log: -310,System error"
    assert said(9000, remark(asked), 9100) == [(9000 - 2000 - MARGIN, 9100 + MARGIN)]


def test_a_flood_of_messages_is_kept_as_one_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_MOST", 2)
    flood = [remark(about="error", after=k, before=k) for k in (1000, 2000, 3000, 4000)]
    assert said(*flood, 5000) == [(900, 1100), (1900, math.inf)]


@pytest.mark.parametrize(("start", "stop", "count"), [(0, 899, 0), (0, 900, 1), (1100, 2000, 1), (1101, 2000, 0)])
def test_a_window_is_concerned_from_edge_to_edge(start: float, stop: float, count: int) -> None:
    messages = Messages()
    messages.said(remark(about="error", after=1000, before=1000), PERIOD_S)
    assert len(within(messages.found, start, stop)) == count


def test_only_the_sampler_in_its_acquisition_is_heard() -> None:
    run = make_run()
    monitor = next(event for event in run.events if isinstance(event, MonitorConfigured))
    error = remark("the shield reports: error x")
    for events, count in (
        ([monitor, error, SamplesArrived(t_ns=0, end=9)], 0),
        ([monitor, AcquisitionStarted(t_ns=0), error], 1),
        ([monitor, AcquisitionStarted(t_ns=0), remark("the shield reports: error x", box="dut")], 0),
        ([AcquisitionStarted(t_ns=0), error], 0),
    ):
        assert len(gather(events).messages.found) == count


@pytest.mark.parametrize("known", [{}, {"about": "error", "after": 20_000, "before": 20_000}])
def test_an_error_between_the_edges_withholds_that_window(tmp_path, known) -> None:
    """Window 2 of five lies about 20 s into the run."""
    run = make_run()
    text = "the shield reports: error target voltage drop"
    at = Remark(t_ns=host_ns(20.0), box="monitor", text=text, suspicious=True, **known)
    result = evaluate(run.insert(at).write(tmp_path / "s"))
    assert [w.energy_j is None for w in result.windows] == [False, True, False, False, False]
    assert not result.valid
    assert result.energy_per_inference_j is None
    (finding,) = [one for one in result.findings if one.id == "instrument-error"]
    assert finding.window == 1
    assert text in finding.detail

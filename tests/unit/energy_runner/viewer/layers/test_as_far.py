# SPDX-License-Identifier: Apache-2.0
"""A journal as far as it can be read gives the same events as the journal itself, from kept places."""

import pytest

from energy_runner.analysis.facts import gather
from energy_runner.session import events as ev
from energy_runner.session.journal import Journal, exchange, line_kind
from energy_runner.viewer.layers import as_far
from energy_runner.viewer.layers.as_far import AsFar
from tests.support.synthetic import host_ns, make_run


@pytest.fixture
def path(tmp_path):
    run = make_run(windows=2)
    run.insert(exchange(host_ns(1.0), "dut", "rx", b"m-ready\r\n"))
    run.insert(ev.MonitorTime(t_ns=host_ns(2.0), at=2000, device_time_s=2.0, buffer_fill=None))
    return run.write(tmp_path / "s").path / "journal.jsonl"


KINDS = [
    (ev.InferenceDone,),
    (ev.EdgeCaptured, ev.InferenceDone, ev.RunStarted),
    (ev.Exchange,),
    (ev.SamplesArrived,),
    (ev.SamplesArrived, ev.EdgeCaptured),
    (ev.MonitorTime, ev.Exchange),
    (ev.TemperatureMeasured,),
]


@pytest.mark.parametrize("kinds", KINDS)
def test_kinds_come_in_order_as_from_the_journal(path, kinds):
    own = AsFar(path)
    for _ in range(2):
        assert list(own.of(*kinds)) == list(Journal(path).of(*kinds))
    assert own.problems == []


def test_all_events_are_those_of_the_journal_without_bytes(path):
    assert list(AsFar(path)) == list(Journal(path, exchanges=False))
    facts, wanted = gather(AsFar(path)), gather(Journal(path, exchanges=False))
    assert list(facts.inferences) == list(wanted.inferences)
    assert facts.arrival_ends == wanted.arrival_ends


def test_lines_that_another_program_laid_out_are_read_too(path):
    odd = b'{ "kind": "remark", "t_ns": 5, "box": "director", "text": "by hand" }\n'
    path.write_bytes(odd + path.read_bytes())
    assert line_kind(odd) == b""
    assert [event.text for event in AsFar(path).of(ev.Remark)] == ["by hand"]
    assert list(AsFar(path).of(ev.InferenceDone)) == list(Journal(path).of(ev.InferenceDone))


def test_what_is_written_after_the_first_look_is_not_seen(path):
    own = AsFar(path)
    before = list(own.of(ev.EdgeCaptured))
    with path.open("ab") as file:
        file.write(b'{"t_ns":9,"kind":"edge-captured","position":1.0,"half_width":0.5,"counter":null}\n{"t_ns')
    assert list(own.of(ev.EdgeCaptured)) == before
    assert not own.torn
    assert len(list(AsFar(path).of(ev.EdgeCaptured))) == len(before) + 1
    assert len(list(own)) == len(list(Journal(path, exchanges=False))) - 1


def test_a_journal_that_is_cut_short_while_it_is_read_says_so(path):
    own = AsFar(path)
    assert list(own.of(ev.InferenceDone))
    path.write_bytes(path.read_bytes()[:200])
    list(own.of(ev.InferenceDone))
    assert own.problems
    assert "Try: " in own.problems[0]


def test_a_number_that_no_run_can_produce_is_left_out_alone(path):
    with path.open("ab") as file:
        file.write(b'{"t_ns":9,"kind":"edge-captured","position":1e300,"half_width":0.5,"counter":null}\n')
        file.write(b'{"t_ns":10,"kind":"remark","box":"director","text":"after it"}\n')
    own = AsFar(path)
    assert [event.text for event in gather(own).remarks] == ["after it"]
    assert own.problems == ["journal.jsonl: holds a edge-captured with position = 1e+300, which was left out"]


def test_of_countless_events_the_first_are_gathered_and_all_are_yielded(path, monkeypatch):
    monkeypatch.setattr(as_far, "MOST_ALIKE", 3)
    own = AsFar(path)
    assert len(gather(own).edges) == 3
    assert own.crowded == {"edge-captured", "edges-expected"}
    assert len(list(own.of(ev.EdgeCaptured))) == len(list(Journal(path).of(ev.EdgeCaptured))) > 3

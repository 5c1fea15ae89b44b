# SPDX-License-Identifier: Apache-2.0
"""When a DUT is quiet: after its answer and before the next command, by bytes or by events."""

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.levels.traffic import BY_BYTES, BY_EVENTS, Span, traffic_of
from energy_runner.session import events as ev
from energy_runner.session.events import Exchange
from tests.support.synthetic import START_NS, Run, host_ns, make_run


def quiet_s(run: Run, folder) -> list[tuple[float, float]]:
    found = traffic_of(run.write(folder))
    return [((span.begin_ns - START_NS) / 1e9, (span.end_ns - START_NS) / 1e9) for span in found.quiet]


def said(t_s: float, direction: str, text: str) -> Exchange:
    return Exchange(t_ns=host_ns(t_s), box="io-manager", direction=direction, text=text)


def talk(run: Run, *lines: tuple[float, str, str]) -> Run:
    for line in lines:
        run.insert(said(*line))
    return run


def test_without_bytes_the_events_say_when_it_was_quiet(tmp_path):
    run = make_run(windows=2)
    found = traffic_of(run.write(tmp_path / "s"))
    assert found.basis == BY_EVENTS
    assert found.resolution_s == 0.0
    loaded = [(span.begin_ns - START_NS) / 1e9 for span in found.loads]
    assert len(loaded) == 2  # the trial's load has no end in the journal
    gaps = [(span.begin_ns, span.end_ns) for span in found.quiet if span.end_ns - span.begin_ns > 2e8]
    ends = [event.t_ns for event in run.events if isinstance(event, ev.InferenceDone)]
    assert [begin for begin, _ in gaps[-3:]] == ends  # after the trial and each window, until the next load
    assert gaps[-2][1] == found.loads[1].begin_ns
    assert gaps[-1][1] == next(e.t_ns for e in run.events if isinstance(e, ev.AcquisitionStopped))


def test_a_load_whose_beginning_is_unknown_leaves_nothing_quiet_before_it(tmp_path):
    run = make_run(windows=2).drop(ev.Phase, [0, 1, 2])
    done = [event.t_ns for event in run.events if isinstance(event, ev.InferenceDone)]
    found = traffic_of(run.write(tmp_path / "s"))
    # Only after the last window is it known that nothing was loaded.
    assert [span.begin_ns for span in found.quiet] == [done[-1]]


@pytest.mark.parametrize(("shift", "resolution"), [(0, 1.0), (1, 0.0)])
def test_times_of_whole_seconds_are_known_as_such(shift, resolution, tmp_path):
    def rounded(_: int, event: ev.InferenceDone) -> ev.InferenceDone:
        return event.model_copy(update={"sent_ns": event.sent_ns // 10**9 * 10**9 + shift})

    assert (
        traffic_of(make_run().change(ev.InferenceDone, rounded).write(tmp_path / "s")).resolution_s == resolution
    )


def test_bytes_say_when_an_answer_was_complete(tmp_path):
    run = talk(
        make_run(windows=1),
        (0.1, "tx", "timestamp%"),
        (0.15, "rx", "m-re"),
        (0.17, "rx", "ady\r\n"),
        (0.4, "tx", "db load 490%"),
        (0.5, "rx", "m-ready\r\n"),
        (0.6, "tx", "infer 8 1%"),
    )
    found = traffic_of(run.write(tmp_path / "s"))
    assert found.basis == BY_BYTES
    assert [Span(host_ns(0.17), host_ns(0.4)), Span(host_ns(0.5), host_ns(0.6))] == found.quiet


def test_through_an_io_manager_the_duts_own_answer_counts(tmp_path):
    run = talk(
        make_run(windows=1),
        (0.1, "tx", "dut infer 10 1%"),
        (0.11, "rx", "m-dut-passthrough(infer 10 1)\r\nm-ready\r\n"),
        (9.0, "rx", "[dut]: m-infer-done\r\n"),
        (9.1, "rx", "[dut]: m-ready\r\n"),
        (9.5, "tx", "timer%"),
        (9.6, "rx", "m-ready\r\n"),
    )
    spans = quiet_s(run, tmp_path / "s")
    assert spans[0] == pytest.approx((9.1, 9.5))
    assert spans[1][0] == pytest.approx(9.6)
    assert len(spans) == 2


def test_the_answer_of_a_board_that_only_records_edges_does_not_make_a_busy_dut_quiet(tmp_path):
    def of(box: str, t_s: float, direction: str, text: str) -> Exchange:
        return said(t_s, direction, text).model_copy(update={"box": box})

    run = make_run(windows=2)
    for one in (
        of("board", 1.0, "tx", "name%"),
        of("board", 1.1, "rx", "m-ready\r\n"),
        of("dut", 2.0, "tx", "infer 3%"),
        of("board", 3.0, "tx", "print_dutycycle%"),
        of("board", 3.1, "rx", "m-ready\r\n"),
        of("dut", 5.0, "rx", "m-ready\r\n"),
        of("board", 6.0, "tx", "print_dutycycle%"),
        of("board", 6.5, "rx", "m-ready\r\n"),
        of("dut", 7.0, "tx", "name%"),
    ):
        run.insert(one)
    found = [place for span in quiet_s(run, tmp_path / "s") for place in span]
    assert found == pytest.approx([1.1, 2.0, 5.0, 6.0, 6.5, 7.0])


def test_what_a_dut_says_unasked_ends_the_quiet(tmp_path):
    run = talk(
        make_run(windows=1),
        (0.1, "tx", "timestamp%"),
        (0.2, "rx", "m-ready\r\n"),
        (2.0, "rx", "e-[fault]\r\n"),
        (3.0, "tx", "timestamp%"),
    )
    spans = quiet_s(run, tmp_path / "s")
    assert spans[0][1] == pytest.approx(2.0 - 11 * 10 / 9600, abs=1e-3)
    assert spans[1] == pytest.approx((2.0, 3.0))


def test_a_supply_that_is_switched_off_ends_it(tmp_path):
    run = talk(make_run(windows=1), (0.1, "tx", "timestamp%"), (0.2, "rx", "m-ready\r\n"))
    run.insert(ev.SupplySwitched(t_ns=host_ns(1.5), on=False))
    assert quiet_s(run, tmp_path / "s") == [pytest.approx((0.2, 1.5))]


def test_bytes_that_are_damaged_leave_the_events(tmp_path):
    run = talk(make_run(windows=1), (0.1, "tx", "timestamp%"), (0.2, "rx", "m-ready\r\n"))
    run.insert(ev.StreamChunk(t_ns=host_ns(0.3), offset=0, length=40, exchanges=1, devices=["io-manager"]))
    session = run.write(tmp_path / "s")
    (session.path / "stream.bin").write_bytes(b"x" * 40)
    assert traffic_of(session).basis == BY_EVENTS


def test_times_beyond_all_reason_do_no_harm(tmp_path):
    run = talk(make_run(windows=1), (0.1, "tx", "timestamp%"), (0.2, "rx", "m-ready\r\n"))
    far = Exchange(t_ns=2**63 - 1, box="io-manager", direction="tx", text="name%")
    run.events.insert(len(run.events) - 2, far)
    result = analyze(run.write(tmp_path / "s"))
    assert result.levels is not None

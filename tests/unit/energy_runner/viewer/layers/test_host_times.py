# SPDX-License-Identifier: Apache-2.0
"""Host times lie in the trace where they were, within the limit that is stated."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.session import events as ev
from energy_runner.viewer.layers import layers
from energy_runner.viewer.layers.host_times import BY_RUN, BY_SAMPLES
from tests.support.synthetic import START_NS, host_ns, make_run


def true_s(run, by_laps):
    """Where host times lie truly: second 0 of the trace is the first edge where that starts the acquisition."""
    zero_s = run.setup.phase * run.setup.period_s + 0.5 if by_laps else 0.0
    return lambda t_ns: (t_ns - START_NS) * 1e-9 - zero_s


@pytest.mark.parametrize("by_laps", [False, True])
@pytest.mark.parametrize("cut_s", [None, 20.0, 3.0])
def test_events_lie_within_their_limit(tmp_path, by_laps, cut_s):
    run = make_run(by_laps=by_laps)
    if cut_s is not None:
        run.cut(cut_s)
    seen = layers(run.write(tmp_path / "s")).seen
    assert seen.times.zero == BY_SAMPLES
    times = np.array([host_ns(t) for t in (-4.0, 0.7, 2.0, 10.0, 19.0)], dtype=np.int64)
    found = seen.times.places(times)
    truth = np.array([true_s(run, by_laps)(int(t)) for t in times])
    limits = seen.times.limits(found)
    assert np.all(np.abs(found - truth) <= limits)
    assert np.all(limits < 0.1)


@settings(max_examples=15)
@given(
    late=st.lists(st.floats(0, 0.015), min_size=3, max_size=9),
    line_ms=st.floats(0, 15),
    ppm=st.floats(-80, 80),
)
def test_whatever_the_latencies_are_the_limit_holds(tmp_path_factory, late, line_ms, ppm):
    run = make_run(windows=3)

    def slow(number: int, event: ev.SamplesArrived) -> ev.SamplesArrived:
        at_s = event.end * run.setup.period_s * (1 + ppm * 1e-6)
        return event.model_copy(update={"t_ns": host_ns(at_s, late[number % len(late)])})

    def later(_: int, event: ev.InferenceDone) -> ev.InferenceDone:
        update = {
            name: getattr(event, name) + round(line_ms * 1e6 + ppm * 1e-6 * (getattr(event, name) - START_NS))
            for name in ("start_line_ns", "done_line_ns")
        }
        return event.model_copy(update=update)

    run.change(ev.SamplesArrived, slow).change(ev.InferenceDone, later)
    seen = layers(run.write(tmp_path_factory.mktemp("s") / "s")).seen
    moments = np.array([1.0, 5.0, 20.0, 30.0])
    times = np.array([host_ns(t * (1 + ppm * 1e-6)) for t in moments], dtype=np.int64)
    found = seen.times.places(times)
    assert np.all(np.abs(found - moments) <= seen.times.limits(found))


@pytest.mark.parametrize("by_laps", [False, True])
def test_an_infer_command_lies_before_its_windows_start_and_the_answer_after_its_end(tmp_path, by_laps):
    own = layers(make_run(by_laps=by_laps).write(tmp_path / "s"))
    windows = own.items("windows")["items"]
    commands = own.items("commands")["items"]
    sent = [item for item in commands if item["label"] == "infer 100 1"]
    done = [item for item in commands if item["label"] == "done" and "window" in item["text"]]
    assert len(windows) == len(sent) == len(done) == 5
    for window, command, answer in zip(windows, sent, done, strict=True):
        assert command["at_s"] <= window["start_s"] + command["u_s"]
        assert answer["at_s"] >= window["stop_s"] - answer["u_s"]
        assert window["start_s"] - command["at_s"] < 1.0
        assert answer["at_s"] - window["stop_s"] < 0.2


def test_far_from_what_ties_the_clocks_the_limit_grows(tmp_path):
    seen = layers(make_run().cut(20.0).write(tmp_path / "s")).seen
    near, far = seen.times.limits(np.array([10.0, 3610.0]))
    assert 0.3 < far - near < 3.0


def test_before_any_sample_came_the_start_of_the_acquisition_counts_with_a_wide_limit(tmp_path):
    run = make_run().cut(0.05)
    seen = layers(run.write(tmp_path / "s")).seen
    assert seen.times.place(host_ns(0.0)) == pytest.approx(0.0, abs=1e-6)
    assert seen.times.u_s > 0.2


def test_a_log_that_an_edge_starts_has_no_place_for_host_times_before_its_first_sample(tmp_path):
    own = layers(make_run(by_laps=True).cut(0.3).write(tmp_path / "s"))
    assert "no sample has arrived" in own.seen.times.why_not
    assert own.items("commands")["items"] == []
    assert "no sample has arrived" in own.family("commands").why_not


@pytest.mark.parametrize("mode", ["performance", "accuracy"])
def test_without_samples_time_counts_from_the_beginning_of_the_run(tmp_path, mode):
    own = layers(make_run(mode=mode).write(tmp_path / "s"))
    assert own.seen.times.zero == BY_RUN
    remarks = own.items("remarks")["items"]
    assert (remarks[0]["label"], remarks[0]["at_s"], remarks[0]["u_s"]) == ("run begins", 0.0, 0.0)
    assert own.items("inferences")["total"] > 0


def test_two_acquisitions_place_nothing(tmp_path):
    run = make_run(windows=1)
    run.insert(ev.AcquisitionStarted(t_ns=host_ns(3.0)))
    own = layers(run.write(tmp_path / "s"))
    assert "2 acquisitions" in own.seen.times.why_not
    assert own.items("remarks")["total"] == 0

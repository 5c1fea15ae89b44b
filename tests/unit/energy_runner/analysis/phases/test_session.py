# SPDX-License-Identifier: Apache-2.0
"""Phases of whole sessions: what kind of samples they have, and the typical inference where there are many."""

import numpy as np
import pytest

from energy_runner.analysis.phases.session import phases_by_pins, phases_estimated
from energy_runner.rules import evaluate
from energy_runner.session.events import MonitorConfigured, SamplesArrived
from energy_runner.session.folder import write_result
from tests.support.synthetic import host_ns, make_run

PINS = {"short": [(7.0, True), (7.005, False)], "long": [(7.1, True), (7.6, False)]}


@pytest.mark.parametrize(("kind", "found"), [("mean", []), ("instant", ["phase-samples-are-instants"])])
def test_a_short_phase_among_instants_is_a_finding(kind, found, tmp_path):
    run = make_run(windows=1).change(
        MonitorConfigured,
        lambda _, event: event.model_copy(update={"signals": [{**one, "kind": kind} for one in event.signals]}),
    )
    session = run.write(tmp_path / "s")
    result = phases_by_pins(session, PINS)
    assert [finding.id for finding in result.findings] == found
    long_only = phases_by_pins(session, {"long": PINS["long"]})
    assert not long_only.findings


def test_levels_are_those_of_the_typical_inference_in_each(tmp_path):
    run = make_run(windows=2, inferences=200)
    (energy,) = run.samples
    for truth in run.truth:
        places = (np.arange(len(energy)) + 0.5) * 1e-3
        share = (places - truth.start_s) / (truth.stop_s - truth.start_s) * 200 % 1
        inside = (places > truth.start_s) & (places < truth.stop_s)
        energy[inside] = np.where(share[inside] < 0.3, 0.060e-3, 0.030e-3)
    energy += np.random.default_rng(0).normal(0, 1e-7, len(energy)).astype(np.float32)
    session = run.write(tmp_path / "s")
    write_result(session.path, evaluate(session))
    result = phases_estimated(session)
    assert result.estimated
    assert [summary.count for summary in result.summaries] == [200, 200]
    assert [summary.mean_power_w for summary in result.summaries] == pytest.approx([0.060, 0.030], rel=0.02)
    assert [summary.duration_share for summary in result.summaries] == pytest.approx([0.3, 0.7], abs=0.01)
    whole_j = session.result().windows[0].energy_j
    assert sum(summary.energy_j for summary in result.summaries) == pytest.approx(whole_j, rel=1e-3)


def test_a_window_in_which_nothing_repeats_is_one_level(tmp_path):
    session = make_run(windows=1).write(tmp_path / "s")
    write_result(session.path, evaluate(session))
    result = phases_estimated(session, 1)
    assert len(result.summaries) == 1
    assert result.summaries[0].mean_power_w == pytest.approx(0.040, rel=1e-3)


def test_a_window_is_found_where_it_is_although_the_clock_was_corrected(tmp_path):
    run = make_run(windows=2)

    def slow(_, event):
        return event.model_copy(update={"t_ns": host_ns(event.end * 1e-3 * 1.003, 0.002)})

    session = run.change(SamplesArrived, slow).write(tmp_path / "s")
    assert evaluate(session).sample_clock.corrected
    result = phases_estimated(session, 1)
    assert len(result.summaries) == 1, "no sample before the window or after it belongs to it"

# SPDX-License-Identifier: Apache-2.0
"""Idle, transmit and receive are told apart by traffic, not by which is lowest; energy above idle has its sign."""

import math

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import gather
from energy_runner.analysis.levels.host_line import HostLine, host_line
from energy_runner.analysis.levels.idle import PowerLevel, find_idle, find_receive, find_transmit
from energy_runner.analysis.levels.measure import net_energy
from energy_runner.analysis.levels.traffic import Span
from energy_runner.analysis.placing.alignment import LATENCY_LIMIT_S, Placed, align
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.session import events as ev
from energy_runner.session.result import Score, WindowResult
from tests.support.synthetic import ACTIVE_W, IDLE_W, LOAD_W, make_run

PERIOD_S = 1e-3
LINE = HostLine(origin_s=100.0, slope=1.0, period_s=PERIOD_S, slack_s=0.02)


def span(begin_s: float, end_s: float, **named: bool) -> Span:
    return Span(round((100 + begin_s) * 1e9), round((100 + end_s) * 1e9), **named)


def source(power_w: np.ndarray) -> EnergySource:
    return EnergySource(lambda a, b: power_w[a:b], len(power_w), PERIOD_S, PERIOD_S)


def done(place: float, lasts_s: float) -> ev.InferenceDone:
    line_ns = round((100 + place * PERIOD_S + 0.01) * 1e9)
    return ev.InferenceDone(
        t_ns=line_ns + round(lasts_s * 1e9),
        purpose="window",
        stimulus=0,
        inferences=10,
        warmups=1,
        sent_ns=0,
        start_line_ns=None,
        done_line_ns=line_ns,
        results=[],
        dut_laps_us=[],
    )


def test_idle_is_what_is_quiet_though_sending_draws_less():
    rng = np.random.default_rng(0)
    power_w = np.concatenate([np.full(2000, 0.058), np.tile(np.repeat([0.056, 0.021], [50, 10]), 50)])
    power_w += rng.normal(0, 1e-4, len(power_w))
    idle = find_idle(source(power_w), [span(0.0, 2.0)], LINE)
    assert idle.power_w == pytest.approx(0.058, abs=3 * idle.u_w)
    assert 1e-6 < idle.u_w < 2e-5
    assert (idle.places, idle.start_s) == (1, pytest.approx(0.02, abs=2e-3))
    assert find_idle(source(power_w), [span(0.0, 2.0, at_start=True)], LINE).start_s == 0.0


def test_times_that_are_late_by_a_tenth_of_a_second_do_not_move_it():
    power_w = np.repeat([0.021, 0.058], [150, 1350])
    assert find_idle(source(power_w), [span(0.0, 1.5)], LINE).power_w == pytest.approx(0.058)


def test_regular_wake_ups_belong_to_idle():
    power_w = np.full(3000, 0.001)
    power_w[::10] = 0.011
    assert find_idle(source(power_w), [span(0.0, 3.0)], LINE).power_w == pytest.approx(0.002, rel=1e-3)


def test_two_quiet_places_that_differ_make_it_uncertain():
    power_w = np.repeat([0.060, 0.090, 0.058], [1000, 1000, 1000])
    idle = find_idle(source(power_w), [span(0.0, 1.0), span(2.0, 3.0)], LINE)
    assert idle.places == 2
    assert 0.058 <= idle.power_w <= 0.060
    assert idle.power_w - 2 * idle.u_w < 0.059 < idle.power_w + 2 * idle.u_w
    assert (idle.least_w, idle.most_w) == pytest.approx((0.058, 0.060))


def test_a_short_place_that_differs_counts_for_the_uncertainty():
    power_w = np.repeat([0.060, 0.090, 0.057], [1000, 1000, 300])
    idle = find_idle(source(power_w), [span(0.0, 1.0), span(2.0, 2.3)], LINE)
    assert idle.power_w == pytest.approx(0.060)
    assert idle.u_w == pytest.approx(0.003 / math.sqrt(3))
    assert math.isinf(idle.dof)


def test_times_rounded_to_a_second_may_be_that_much_later():
    power_w = np.repeat([0.030, 0.060], [900, 1100])
    spans = [span(0.0, 2.0)]
    assert find_idle(source(power_w), spans, LINE, 1.0).power_w == pytest.approx(0.060)
    assert find_idle(source(power_w), spans, LINE, 1.0).start_s > 1.0
    assert find_idle(source(power_w), [span(0.0, 1.0)], LINE, 1.0) is None


@pytest.mark.parametrize("spans", [[], [span(0.0, 0.08)], [span(1.0, 1.03), span(2.0, 2.04)], [span(9.0, 10.0)]])
def test_too_little_quiet_is_none(spans):
    assert find_idle(source(np.full(3000, 0.02)), spans, LINE) is None


def test_missing_samples_leave_out_their_block_only():
    power_w = np.full(2000, 0.02)
    power_w[500:520] = np.nan
    assert find_idle(source(power_w), [span(0.0, 2.0)], LINE).power_w == pytest.approx(0.02)
    assert find_idle(source(np.full(2000, np.nan)), [span(0.0, 2.0)], LINE) is None


def test_sending_and_receiving_are_levels_of_their_own():
    power_w = np.full(4000, 0.05)
    power_w[1000:1090] = 0.03  # the answer after a window
    power_w[2000:3000] = np.tile(np.repeat([0.055, 0.03], [20, 30]), 20)  # it answers for longer
    traced = source(power_w)
    transmit = find_transmit(traced, [(done(1000.0, 0.08), Placed(400.0, 1000.0, 0.5))])
    assert transmit.power_w == pytest.approx(0.03)
    receive = find_receive(traced, [span(2.0, 3.0)], LINE, transmit)
    assert receive.power_w == pytest.approx(0.055)
    assert (
        find_transmit(traced, [(done(1000.0, 0.002), Placed(400.0, 1000.0, 0.5)), (done(9.0, 1.0), None)]) is None
    )
    assert find_receive(traced, [], LINE, transmit) is None


def test_a_long_load_that_is_read_back_is_received_first_and_sent_then():
    power_w = np.repeat([0.055, 0.03], [200_000, 500_000])
    transmit = PowerLevel(0.03, 0.0, 1.0, 1, 0.0, 1.0)
    receive = find_receive(source(power_w), [span(0.0, 700.0)], LINE, transmit)
    assert receive.power_w == pytest.approx(0.055)


def test_a_result_has_the_levels_and_the_energy_above_idle(tmp_path):
    result = analyze(make_run(window_s=10.3, inferences=100).write(tmp_path / "s"))
    assert result.levels.idle.power_w == pytest.approx(IDLE_W, rel=1e-3)
    assert result.levels.receive.power_w == pytest.approx(LOAD_W, rel=1e-3)
    net = result.net_energy_per_inference_j
    assert net.value_j == pytest.approx((ACTIVE_W - IDLE_W) * 0.103, rel=1e-3)
    score = result.energy_per_inference_j
    assert score.u < net.u_j < 2 * score.u
    assert net.U_j == pytest.approx(net.k * net.u_j)
    assert not [finding for finding in result.findings if "idle" in finding.id]


def test_the_uncertainty_above_idle_is_that_of_score_monitor_and_level():
    windows = [WindowResult(index=0, stimulus=0, file="a", inferences=10, duration_s=1.0)]
    score = Score(median=5e-3, u=3e-5, U=6e-5, k=2.0)
    level = PowerLevel(0.02, 1e-3, 1.0, 1, 0.0, 1.0, dof=4.0)
    net = net_energy(windows, score, level)
    assert net.value_j == pytest.approx(5e-3 - 0.02 * 0.1)
    assert net.u_j == pytest.approx(math.sqrt(2 * 3e-5**2 + 1e-4**2))
    # Welch-Satterthwaite (JCGM 100:2008, G.4.1): only the level has finitely many degrees of freedom.
    assert net.dof == pytest.approx(net.u_j**4 / (1e-4**4 / 4))
    assert 2.2 < net.k < 2.8
    assert net_energy(windows, None, level) is None
    assert net_energy(windows, score, None) is None


@pytest.mark.parametrize("ratio", [0.0, 0.5, 1.0, 2.0, 3.0, 8.0])
def test_the_uncertainty_above_idle_is_a_bound_for_an_error_of_the_gain(ratio):
    """Such an error g makes (1 + g)(E - P t): at `ratio` = P t / E it is |1 - ratio| times that of the score."""
    windows = [WindowResult(index=0, stimulus=0, file="a", inferences=10, duration_s=1.0)]
    score = Score(median=5e-3, u=3e-5, U=6e-5, k=2.0)
    net = net_energy(windows, score, PowerLevel(ratio * 5e-3 / 0.1, 0.0, 1.0, 1, 0.0, 1.0))
    assert net.u_j >= abs(1 - ratio) * score.u
    assert ratio > 2 or net.u_j == pytest.approx(math.sqrt(2) * score.u)


def test_the_line_between_host_and_trace_says_how_well_it_ties_them():
    run = make_run()
    facts = gather(run.events)
    alignment = align(facts, match_edges(facts))
    line = host_line(facts, alignment, 0.0)
    window = facts.windows()[2]
    # Both lines of a window come late, by 10 and 20 ms.
    assert line.place(window.start_line_ns) == pytest.approx(alignment.windows[2].start, abs=15)
    assert LATENCY_LIMIT_S + 0.008 < line.slack_s < LATENCY_LIMIT_S + 0.02
    # Rounded times tie nothing: the arrival of samples does, within half of the rounding.
    coarse = host_line(facts, alignment, 1.0)
    assert coarse.slack_s > 0.5 + LATENCY_LIMIT_S
    assert coarse.place(window.start_line_ns) == pytest.approx(alignment.windows[2].start, abs=15)


def test_where_a_dut_draws_more_while_it_waits_the_sign_is_negative(tmp_path):
    run = make_run(window_s=10.3, inferences=100)
    for samples in run.samples:
        quiet = np.isclose(samples, IDLE_W * PERIOD_S, rtol=0.01)
        samples[quiet] = 0.058 * PERIOD_S
    net = analyze(run.write(tmp_path / "s")).net_energy_per_inference_j
    assert net.value_j == pytest.approx((ACTIVE_W - 0.058) * 0.103, rel=1e-3)
    assert net.value_j + net.U_j < 0


def test_without_a_quiet_stretch_a_finding_says_so_and_there_is_no_figure(tmp_path):
    run = make_run(windows=2).drop(ev.Phase, range(3))
    chatter = [event.t_ns for event in run.events if isinstance(event, ev.InferenceDone)][-1]
    for number in range(100):
        t_ns = chatter + number * 10_000_000
        run.insert(ev.Exchange(t_ns=t_ns, box="dut", direction="rx", text="m-ready hello\r\n"))
    result = analyze(run.write(tmp_path / "s"))
    assert result.levels.idle is None
    assert result.net_energy_per_inference_j is None
    (finding,) = [finding for finding in result.findings if finding.id == "no-idle-level"]
    assert finding.detail == "no stable level in 50 ms or more without traffic"


def test_two_states_of_waiting_are_a_finding(tmp_path):
    run = make_run(windows=2)
    half = len(run.samples[0]) // 2
    for samples in run.samples:
        early = samples[:half]
        early[np.isclose(early, IDLE_W * PERIOD_S, rtol=0.01)] = 0.030 * PERIOD_S
    result = analyze(run.write(tmp_path / "s"))
    (finding,) = [finding for finding in result.findings if finding.id == "idle-levels-differ"]
    assert "20 to 30 mW" in finding.detail

# SPDX-License-Identifier: Apache-2.0
"""The report's sections on single inferences, layers and the full budget."""

import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from energy_runner import api
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.report.charts.inferences import drift_chart, histogram_chart
from energy_runner.report.figures.bars import budget, sorted_causes
from energy_runner.report.figures.clocks import clocks
from energy_runner.report.figures.subject import Subject
from energy_runner.report.headline import derived
from energy_runner.report.sections.inferences import inferences
from energy_runner.report.sections.layers import layers
from energy_runner.report.sections.result import top
from energy_runner.report.story import tell
from energy_runner.report.units import value_and_expanded
from energy_runner.rules import evaluate
from energy_runner.session.result import LayerResult, Layers
from tests.support.small import twin_bench
from tests.support.synthetic import make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "stimuli").mkdir()
    write_demo_stimuli(folder / "stimuli")
    plan = api.plan("kws01", stimuli=folder / "stimuli", seed=6)
    return api.run(api.load_bench("virtual-lpm01a"), plan, out=folder / "s")


@pytest.fixture(scope="module")
def story(session):
    return tell(session, session.result())


@pytest.mark.deep
def test_a_report_tells_of_single_inferences_beside_the_score(session, story):
    page = (session.path / "report.html").read_text("utf-8")
    assert 'id="inferences"' in page
    shown = inferences(story)
    assert "do not replace the score" in shown
    assert shown.count("<tr>") == 6  # a head and five windows
    assert "Idle level:" in shown
    assert "energy-runner use SESSION" in shown


def test_the_energy_above_idle_and_the_other_levels_have_an_uncertainty(story):
    shown = inferences(story)
    net, levels = story.result.net_energy_per_inference_j, story.result.levels
    figure = " ± ".join(value_and_expanded(net.value_j * 1e6, net.U_j * 1e6))
    assert f"{figure} µJ per inference (k = {net.k:.2f})" in shown
    for level in (levels.transmit, levels.receive):
        assert " ± ".join(value_and_expanded(level.power_w * 1e3, level.u_w * 1e3)) in shown


def test_the_top_of_the_page_has_the_figures_that_follow_from_the_score(story):
    shown = top(story)
    found = derived(story.result)
    assert len(found) == 2
    assert all(line in shown for line in found)


def test_the_figure_of_the_clocks_states_the_uncertainty_of_the_result(story):
    [drawing] = clocks(Subject(story))
    figure = Figure()
    drawing.draw(figure)
    clock = story.result.sample_clock
    value, u = value_and_expanded(1e6 * (clock.ratio - 1), 1e6 * clock.u)
    assert f"{value} ± {u} ppm" in figure.axes[-1].get_title(loc="left") + figure.axes[-1].get_title()


def test_no_name_of_a_cause_is_cut_off(story):
    components = story.result.uncertainty.components
    longest = components[0].model_copy(update={"name": "scatter of the windows, each with another stimulus"})
    uncertainty = story.result.uncertainty.model_copy(update={"components": [longest, *components[1:]]})
    told = replace(story, result=story.result.model_copy(update={"uncertainty": uncertainty}))
    [drawing] = budget(Subject(told))
    figure = Figure()
    drawing.draw(figure)
    names = [text.get_text().replace("\n", " ") for text in figure.axes[0].get_yticklabels()]
    assert names[:-1] == [part.name for part in sorted_causes(uncertainty.components)]


def test_the_histogram_has_a_bar_for_every_filled_bin(story):
    bars = len(re.findall("<rect", histogram_chart(story.inferences)))
    assert bars == sum(int(np.count_nonzero(row)) for row in story.inferences.histogram_counts)


def test_the_drift_has_a_dot_for_every_inference(story):
    dots = len(re.findall("<circle", drift_chart(story.inferences)))
    assert dots == sum(len(row) for row in story.inferences.drift_energy_j)
    inside = [float(y) for y in re.findall(r'cy="([0-9.]+)"', drift_chart(story.inferences))]
    assert 0 < min(inside) <= max(inside) < 400


def test_a_window_that_does_not_repeat_is_said_so(tmp_path):
    session = make_run().write(tmp_path / "s")
    shown = inferences(tell(session, evaluate(session)))
    assert "not resolved" in shown


def test_a_run_without_trace_has_no_such_section(tmp_path):
    session = make_run(mode="performance").write(tmp_path / "s")
    assert inferences(tell(session, evaluate(session))) == ""


def test_the_budget_in_full_has_every_column(session):
    page = (session.path / "report.html").read_text("utf-8")
    full = page[page.index("The budget in full") :]
    for column in ("Type", "Distribution", "Sensitivity", "Degrees of freedom", "Contribution", "shared"):
        assert column in full
    assert "coverage of 95" in full


def test_layers_stand_beside_the_measured_total(session, story):
    rows = [
        LayerResult(name="0 CONV_2D", operations=1000, duration_s=1e-2, energy_j=3e-4, u_j=1e-7),
        LayerResult(name="1 <b>", operations=0, duration_s=1e-6, energy_j=3e-8, u_j=3e-8),
    ]
    found = Layers(inferences=10, energy_per_inference_j=3.0003e-4, layers=rows)
    told = story.__class__(**{**story.__dict__, "result": story.result.model_copy(update={"layers": found})})
    shown = layers(told)
    assert "300.00 ± 0.20" in shown
    assert "&lt;b&gt;" in shown
    assert "All layers together: 300.030 µJ" in shown
    assert layers(story) == ""  # a twin marks no layers


@pytest.mark.deep
@pytest.mark.parametrize("every", [10, 100])
def test_inferences_that_lost_samples_are_told_and_not_drawn(every, tmp_path):
    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    bench = twin_bench("virtual-lpm01a", seed=2)
    bench.twin.world.faults.drop_sample_every = every
    session = api.run(bench, api.plan("kws01", stimuli=tmp_path / "stimuli", inferences=237), out=tmp_path / "s")
    told = tell(session, session.result())
    assert 'id="inferences"' in inferences(told)
    whole = [np.isfinite(energy) for energy in told.inferences.drift_energy_j]
    assert not all(np.all(one) for one in whole)
    assert len(re.findall("<circle", drift_chart(told.inferences))) == sum(
        int(np.count_nonzero(one)) for one in whole if np.count_nonzero(one) > 1
    )

# SPDX-License-Identifier: Apache-2.0
"""The demo benchmarks: they come along, are small, say what they are, and are as good as their cards say."""

import re
import sys

import numpy as np
import pytest

from dut_firmware.nn.generate.benchmarks import BENCHMARKS
from energy_runner import api
from energy_runner.benchmarks.catalogue import is_demo, list_benchmarks, load_benchmark
from energy_runner.benchmarks.places import default_stimuli, packaged_network
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.submission.sessions import sort_sessions
from instruments.devices.dut.twin_classifier import TENSORS
from tests.support.places import ROOT

DATA = ROOT / "energy_runner" / "benchmarks" / "demo_data"
DEMOS = [one for one in list_benchmarks() if one.demo]
IDS = [one.id for one in DEMOS]
MOST_BYTES = 2_000_000


def test_there_are_four_and_the_official_ones_are_none_of_them():
    assert IDS == ["demo-figure", "demo-keywords", "demo-machine", "demo-shapes"]
    assert not any(is_demo(name) for name in ("kws01", "vww01", "ic01", "ic02", "ad01", "nonsense"))
    assert packaged_network(load_benchmark("kws01")) is None


def test_all_of_them_together_are_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < MOST_BYTES


@pytest.mark.parametrize("demo", DEMOS, ids=IDS)
def test_what_comes_along_is_whole(demo):
    folder = find_stimuli(default_stimuli(demo), demo)
    stimuli = folder.all()
    assert len(stimuli) == demo.stimuli
    assert {one.label for one in stimuli} == set(range(demo.classes))
    assert len({one.sha256 for one in stimuli}) == len(stimuli)
    files = {path.name for path in folder.path.iterdir()}
    assert files == {one.file for one in stimuli} | {"y_labels.csv", "CARD.txt", f"{demo.id}.tflite"}
    card = (folder.path / "CARD.txt").read_text("utf-8")
    assert "not an official benchmark" in card
    assert "Apache-2.0" in card
    assert demo.id in BENCHMARKS


@pytest.mark.parametrize("demo", DEMOS, ids=IDS)
def test_the_docs_say_what_the_card_says(demo):
    card = (DATA / demo.id / "CARD.txt").read_text("utf-8")
    accuracy = re.search(r"interpreter: (.+)", card)[1]
    page = (ROOT / "docs" / "reference" / "demo-benchmarks.md").read_text("utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{demo.id}`"))
    assert accuracy in row
    assert f"{demo.stimuli} " in row


@pytest.mark.deep
@pytest.mark.parametrize("demo", DEMOS, ids=IDS)
def test_the_network_meets_its_target_on_what_comes_along(demo):
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="tflite-micro is not installed"
    )
    engine = runtime.Interpreter.from_bytes(packaged_network(demo).read_bytes(), arena_size=1 << 22)
    details, out = engine.get_input_details(0), engine.get_output_details(0)
    scale, zero = (details["quantization_parameters"][key][0] for key in ("scales", "zero_points"))
    out_scale, out_zero = (out["quantization_parameters"][key][0] for key in ("scales", "zero_points"))

    def answer(data: bytes) -> np.ndarray:
        engine.set_input(TENSORS[demo.id](data, scale, zero).reshape(details["shape"]), 0)
        engine.invoke()
        return (engine.get_output(0).reshape(-1).astype(float) - out_zero) * out_scale

    stimuli = find_stimuli(default_stimuli(demo), demo).all()
    labels = np.array([one.label for one in stimuli])
    if demo.metric == "top1":
        right = [int(np.argmax(answer(one.input_at()))) == one.label for one in stimuli]
        assert 100 * np.mean(right) >= demo.target
    else:
        errors = np.array(
            [
                np.mean([np.mean((answer(part) - np.frombuffer(part, "<f4")) ** 2) for _, part in one.windows()])
                for one in stimuli
            ]
        )
        pairs = errors[labels == 1][:, None] > errors[labels == 0][None]
        assert np.mean(pairs) >= demo.target


@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
@pytest.mark.parametrize("demo", IDS)
def test_a_run_needs_neither_stimuli_nor_model(demo, mode, tmp_path):
    plan = api.plan(demo, mode, limit=2 if mode == "accuracy" else None, read_back=False)
    session = api.run(api.load_bench("virtual-ideal"), plan, out=tmp_path / "s")
    assert session.record.outcome == "completed", session.record.reason
    assert session.result().rule_set == "lab"
    if mode != "accuracy":
        assert api.exit_status(session) is ExitStatus.VALID
    with pytest.raises(ConfigurationError, match="cannot be submitted"):
        sort_sessions([session.path])


def test_accuracy_over_all_stimuli_with_the_network_that_comes_along(tmp_path):
    pytest.importorskip("ai_edge_litert", reason="the extra 'litert' is not installed")
    session = api.run("virtual-lpm01a", api.plan("demo-keywords", "accuracy"), out=tmp_path / "s")
    accuracy = session.result().accuracy
    assert (accuracy.stimuli, accuracy.value) == (120, 100.0)
    assert api.exit_status(session) is ExitStatus.VALID
    assert "LiteRT" in session.record.bench["virtual_dut_answers_from"]


@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_energy_windows_answer_with_the_class_of_their_stimulus(name, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="the extra 'litert' is not installed")
    session = api.run(name, api.plan("demo-keywords"), out=tmp_path / "s")
    assert api.exit_status(session) is ExitStatus.VALID
    answers = [e for e in session.journal() if e.kind == "inference-done" and e.purpose == "window"]
    named = [answer.results.index(max(answer.results)) for answer in answers]
    assert named == [stimulus.label for stimulus in session.record.stimuli]


def test_an_official_benchmark_without_stimuli_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"er.fetch_stimuli\('kws01', URL\).*demo-keywords"):
        api.plan("kws01")


@pytest.mark.parametrize("name", ["shapes", "figures", "machine"])
def test_the_drawn_and_synthesized_data_are_the_same_each_time(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    module = __import__(f"demo_models.{name}", fromlist=[name])
    if name == "machine":
        made = [module.columns(module.sound("knock", np.random.default_rng(3))) for _ in range(2)]
    else:
        made = [module.draw(1, np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*made)
    for loaded in [key for key in sys.modules if key.startswith("demo_models")]:
        del sys.modules[loaded]

# SPDX-License-Identifier: Apache-2.0
"""Runs on the twins, exported: figures of both monitors, all modes, marked as simulated."""

import hashlib
import json
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import load_bench_spec
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.demo import write_demo_stimuli
from energy_runner.errors import ConfigurationError
from energy_runner.published.importing import import_session
from energy_runner.submission.export import ExportOptions, export_mlperf
from energy_runner.submission.verdicts import RulesFailedError
from tests.support.mlperf_oracle import read_tree

SHORT_LIST = 72  # the shorter label file of ad01, which the rules accept


@pytest.fixture(scope="module")
def stimuli(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stimuli")
    write_demo_stimuli(folder)
    return folder


@pytest.fixture(scope="module")
def system_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("form") / "system.toml"
    keys = ("board_name", "processor_name", "processor_frequencies", "processor_memory")
    keys += ("inference_framework", "quantization_method")
    path.write_text("".join(f'{key} = "of the twin"\n' for key in keys))
    return path


def answered_rightly(folder: Path) -> Path:
    """Write stimuli of ad01 with the labels that the twin's table of answers separates without error."""
    benchmark = load_benchmark("ad01")
    lines = []
    for number in range(SHORT_LIST):
        data = number.to_bytes(4, "little") * (benchmark.input_bytes // 4)
        anomalous = int.from_bytes(hashlib.sha256(data).digest()[:4], "little") % 1000 >= 500
        (folder / f"a{number}.bin").write_bytes(data)
        lines.append(f"a{number}.bin,2,{int(anomalous)},{benchmark.input_bytes},{benchmark.stride_bytes}\n")
    (folder / benchmark.labels_file).write_text("".join(lines))
    return folder


def measured(bench: str, benchmark: str, mode: str, stimuli: Path, out: Path, **changes: str) -> Path:
    spec = load_bench_spec(bench)
    spec = spec.model_copy(update={"dut": spec.dut.model_copy(update=changes)})
    session = api.run(spec, api.plan(benchmark, mode, stimuli=stimuli, seed=3), out=out)
    assert session.record.outcome == "completed", session.record.reason
    return out


def test_a_whole_rehearsal_in_the_closed_division(system_file, tmp_path):
    (tmp_path / "stimuli").mkdir()
    stimuli = answered_rightly(tmp_path / "stimuli")
    paths = [
        measured("virtual-n6705c", "ad01", mode, stimuli, tmp_path / mode)
        for mode in ("accuracy", "performance", "energy")
    ]
    base = {"org": "Acme", "system": "twin", "system_file": system_file}
    with pytest.raises(ConfigurationError, match="simulated runs cannot be submitted"):
        export_mlperf(ExportOptions(paths, tmp_path / "out", **base))
    with pytest.raises(RulesFailedError, match="'official-set' failed: unofficial"):  # labels that fit the answers
        export_mlperf(ExportOptions(paths, tmp_path / "out", simulated=True, **base))
    despite = ["official-set"]
    export = export_mlperf(ExportOptions(paths, tmp_path / "out", simulated=True, despite=despite, **base))
    reading = read_tree(tmp_path / "out", "v1.3")
    assert reading.wrong == []
    assert ["'official-set' failed: unofficial" in one for one in export.deviations] == [True]
    row = reading.rows["closed", "Acme", "twin", "ad"]
    energy = api.load_session(paths[2]).result()
    assert row.accuracy == 1.0
    assert row.throughput == api.load_session(paths[1]).result().throughput_per_s
    assert row.energy == pytest.approx(energy.energy_per_inference_j.median * 1e6, rel=1e-15)
    assert "N6705C" in row.system["Hardware Notes"]
    assert all("SIMULATED" in (tmp_path / "out" / name).read_text("ascii") for name in export.files)
    passes = json.loads((tmp_path / "out/closed/Acme/results/twin/ad/energy/results.json").read_text())
    each = [
        sum(one["power"]["samples"][one["power"]["timestamps"][0][1] : one["power"]["timestamps"][1][1]])
        / one["infer"]["iterations"]
        for one in passes
    ]
    assert sorted(each)[2] * 1e6 == pytest.approx(row.energy, rel=1e-12)
    for mode in ("accuracy", "performance", "energy"):
        again = import_session(tmp_path / "out/closed/Acme/results/twin/ad" / mode, tmp_path / f"again-{mode}")
        assert again.record.virtual is True, mode


def test_a_few_stimuli_are_for_the_open_division(stimuli, system_file, tmp_path):
    """Performance through the IO manager: timed by its laps, for that DUT prints none."""
    paths = [
        measured("virtual-lpm01a", "kws01", "accuracy", stimuli, tmp_path / "accuracy"),
        measured("virtual-lpm01a", "kws01", "performance", stimuli, tmp_path / "perf", performance="io-manager"),
        measured("virtual-lpm01a", "kws01", "energy", stimuli, tmp_path / "energy"),
    ]
    base = {"org": "Acme", "system": "twin", "system_file": system_file, "simulated": True}
    with pytest.raises(RulesFailedError, match="accuracy-target"):
        export_mlperf(ExportOptions(paths, tmp_path / "out", **base))
    export = export_mlperf(ExportOptions(paths, tmp_path / "out", division="open", **base))
    assert all("accuracy-target" in one or "official-set" in one for one in export.deviations)
    reading = read_tree(tmp_path / "out", "v1.3")
    assert reading.wrong == []
    row = reading.rows["open", "Acme", "twin", "kws"]
    assert row.throughput == api.load_session(paths[1]).result().throughput_per_s
    assert "X-NUCLEO-LPM01A" in row.system["Hardware Notes"]
    timed = json.loads((tmp_path / "out/open/Acme/results/twin/kws/performance/results.json").read_text())
    for one in timed:
        seconds = one["infer"]["elapsed_time"] / 1e6
        assert one["infer"]["iterations"] / seconds == pytest.approx(one["infer"]["throughput"], rel=1e-6)

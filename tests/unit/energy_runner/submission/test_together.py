# SPDX-License-Identifier: Apache-2.0
"""What must not be mixed in a submission: firmware, stimuli, systems, twins with hardware."""

import re
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session import events as ev
from energy_runner.submission.export import export_mlperf
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import MODES, TEN, everything, made, options, renamed, strict, write_all
from tests.support.synthetic import Run, make_run


@pytest.mark.parametrize("field", ["name", "profile", "model"])
def test_other_firmware_is_not_mixed(field, sessions, tmp_path):
    (path,) = write_all(tmp_path, renamed(made("performance"), **{field: "other"}))
    with pytest.raises(ConfigurationError, match="different firmware"):
        export_mlperf(options([sessions[0], path, sessions[2]], tmp_path))


def test_a_dut_that_never_said_who_it_is(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("performance").drop(ev.DutIdentified, [0]))
    with pytest.raises(ConfigurationError, match="must report one identity"):
        export_mlperf(options([sessions[0], path], tmp_path, division="open"))


def test_another_system_is_not_mixed(sessions, shapes, tmp_path):
    others = write_all(tmp_path, *(renamed(made(mode, "ad01"), name="other board") for mode in MODES))
    with pytest.raises(ConfigurationError, match="an export is for one system"):
        export_mlperf(options([*sessions, *others], tmp_path))


def test_two_sessions_of_one_mode(sessions, tmp_path):
    with pytest.raises(ConfigurationError, match="both ic01 in energy mode"):
        export_mlperf(options([*sessions, sessions[2]], tmp_path))


def other_stimuli(run: Run, first: str) -> Run:
    stimuli = [s.model_copy(update={"sha256": first + s.sha256[1:]}) for s in run.record.stimuli]
    run.record = run.record.model_copy(update={"stimuli": stimuli})
    return run


def test_other_stimuli_are_not_mixed(sessions, tmp_path):
    energy, performance = write_all(
        tmp_path, other_stimuli(made("energy"), "f"), other_stimuli(made("performance"), "f")
    )
    with pytest.raises(ConfigurationError, match="used different stimuli"):
        export_mlperf(options([*sessions[:2], energy], tmp_path))
    with pytest.raises(ConfigurationError, match="not among those of"):
        export_mlperf(options([sessions[0], performance, energy], tmp_path))


def test_all_five_stimuli_are_needed_whatever_is_excused(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("performance", windows=4))
    with pytest.raises(ConfigurationError, match="4 different stimuli"):
        export_mlperf(options([sessions[0], path], tmp_path, division="open"))


def test_a_changed_definition_of_a_benchmark(sessions, tmp_path):
    run = made("accuracy")
    run.record = run.record.model_copy(
        update={"benchmark": run.record.benchmark.model_copy(update={"target": 10.0})}
    )
    (path,) = write_all(tmp_path, run)
    with pytest.raises(ConfigurationError, match="target differ"):
        export_mlperf(options([path, sessions[1]], tmp_path, division="open"))


def test_an_unreadable_session_is_named(sessions, tmp_path):
    (path,) = write_all(tmp_path, made("energy"))
    (path / "journal.jsonl").write_text("[" * 100_000 + "\n")
    with pytest.raises(SessionError, match=re.escape(str(path))):
        export_mlperf(options([*sessions[:2], path], tmp_path))
    with pytest.raises(SessionError, match="no such session"):
        export_mlperf(options([tmp_path / "nowhere"], tmp_path))


def virtual_sessions(folder: Path) -> list[Path]:
    return write_all(
        folder, *(make_run(mode=mode, benchmark="ic01", period_s=0.02, outputs=TEN) for mode in MODES)
    )


def test_simulated_sessions_are_marked_everywhere(tmp_path):
    paths = virtual_sessions(tmp_path)
    with pytest.raises(ConfigurationError, match="simulated runs cannot be submitted"):
        export_mlperf(options(paths, tmp_path, division="open"))
    export = export_mlperf(options(paths, tmp_path, simulated=True))
    assert export.simulated
    for name, data in everything(tmp_path / "out").items():
        assert b"SIMULATED" in data, name
        assert not name.endswith("results.json") or strict(data)[0]["energy_runner"]["simulated"] is True
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.system["Status"] == "RDI"  # the one status of the checker that claims no product
    assert any("rdi, not available" in remark for remark in export.remarks)
    for key in ("Board Name", "Hardware Notes", "Software Notes"):
        assert row.system[key].startswith("SIMULATED")


def test_simulated_and_measured_are_not_confused(sessions, tmp_path):
    paths = virtual_sessions(tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be mixed"):
        export_mlperf(options([*sessions[:2], paths[2]], tmp_path, simulated=True))
    with pytest.raises(ConfigurationError, match="was measured on hardware"):
        export_mlperf(options(sessions, tmp_path, simulated=True))
    with pytest.raises(ConfigurationError, match="a simulated system is not available"):
        export_mlperf(options(paths, tmp_path, simulated=True, category="available"))


def test_a_record_cannot_deny_its_journal(sessions, tmp_path):
    run = made("energy")
    twin = ev.DeviceIdentified(t_ns=run.events[0].t_ns + 1, box="monitor", identity={"virtual": True})
    (path,) = write_all(tmp_path, run.insert(twin))
    with pytest.raises(ConfigurationError, match="cannot be mixed"):
        export_mlperf(options([*sessions[:2], path], tmp_path))

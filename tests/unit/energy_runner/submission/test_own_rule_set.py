# SPDX-License-Identifier: Apache-2.0
"""A submission that was judged by a rule set of one's own says so in every file."""

import json
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.submission.export import ExportOptions, export_mlperf
from energy_runner.submission.system import empty_form
from energy_runner.submission.verdicts import RulesFailedError
from tests.support.synthetic import make_run

FILLED = {
    "status": "available",
    "board_name": "NUCLEO-L4R5ZI",
    "processor_name": "Arm Cortex-M4",
    "processor_frequencies": "120 MHz",
    "processor_memory": "640 KB SRAM",
    "inference_framework": "TFLM",
    "quantization_method": "post-training int8",
}
OUTPUTS = (0.0,) * 7 + (1.0,) + (0.0,) * 2


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Sessions of ic01 in all modes, their windows shorter than the suite demands."""
    folder = tmp_path_factory.mktemp("sessions")
    for mode in ("accuracy", "performance", "energy"):
        run = make_run(mode=mode, benchmark="ic01", period_s=0.02, outputs=OUTPUTS, window_s=6.0)
        run.record = run.record.model_copy(update={"virtual": False, "session_id": mode})
        run.write(folder / mode)
    return sorted(folder.iterdir())


def options(sessions: list[Path], folder: Path, rules: str) -> ExportOptions:
    text = empty_form()
    for key, value in FILLED.items():
        text = text.replace(f'\n{key} = ""', f"\n{key} = {json.dumps(value)}")
    form, rule_set = folder / "system.toml", folder / "my-lab.toml"
    form.write_text(text, "utf-8")
    rule_set.write_text(f'based_on = "mlperf-tiny-1.4"\n[rules]\n{rules}\n', "utf-8")
    return ExportOptions(sessions, folder / "out", "Acme", "board_a", form, rule_set=rule_set)


def test_every_file_says_which_rule_set_judged(sessions: list[Path], tmp_path: Path) -> None:
    export_mlperf(options(sessions, tmp_path, "window-length = { limit = 5 }"))
    results = sorted((tmp_path / "out").rglob("results.txt"))
    assert len(results) == 3
    for path in (p for p in (tmp_path / "out").rglob("*") if p.name in {"results.txt", "log.txt", "README.md"}):
        assert "NOTE judged by the rule set 'my-lab', a file (SHA-256 " in path.read_text("ascii"), path
    performance = next(path for path in results if path.parent.name == "performance").read_text("ascii")
    assert performance.count("At least 5 s and 10 inferences: yes") == 5
    energy = next(path for path in results if path.parent.name == "energy").read_text("ascii")
    assert "shorter than the rules ask" not in energy


def test_the_demands_in_the_files_are_those_of_the_rule_set(sessions: list[Path], tmp_path: Path) -> None:
    given = options(sessions, tmp_path, 'window-length = { limit = 8, binding = "never" }')
    export_mlperf(given)
    performance = next(p for p in (tmp_path / "out").rglob("results.txt") if p.parent.name == "performance")
    assert performance.read_text("ascii").count("At least 8 s and 10 inferences: NO") == 5
    energy = next(p for p in (tmp_path / "out").rglob("results.txt") if p.parent.name == "energy")
    assert energy.read_text("ascii").count("shorter than the rules ask") == 5


def test_another_number_of_windows_is_demanded(sessions: list[Path], tmp_path: Path) -> None:
    with pytest.raises(RulesFailedError, match="window-length"):
        export_mlperf(options(sessions, tmp_path, "spread = { limit = 0.01 }"))
    with pytest.raises(ConfigurationError, match=r"5 different stimuli .*, but a submission needs all 3"):
        export_mlperf(options(sessions, tmp_path, "window-length = { limit = 5 }\nfive-windows = { limit = 3 }"))
    assert not (tmp_path / "out").exists()

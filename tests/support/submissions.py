# SPDX-License-Identifier: Apache-2.0
"""Sessions that make a submission, made up, and how they are exported."""

import json
from dataclasses import replace
from pathlib import Path

from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.submission.export import ExportOptions
from energy_runner.submission.system import empty_form
from tests.support.synthetic import Run, make_run

FILLED = {
    "status": "available",
    "board_name": "NUCLEO-L4R5ZI",
    "processor_name": "Arm Cortex-M4",
    "processor_frequencies": "120 MHz",
    "processor_memory": "640 KB SRAM",
    "inference_framework": "TFLM",
    "quantization_method": "post-training int8",
}
MODES = ("accuracy", "performance", "energy")
TEN = (0.0,) * 7 + (1.0,) + (0.0,) * 2


def form(folder: Path, **changes: str) -> Path:
    """Fill in the empty form."""
    text = empty_form()
    for key, value in (FILLED | changes).items():
        assert f'\n{key} = ""' in text
        text = text.replace(f'\n{key} = ""', f"\n{key} = {json.dumps(value)}")
    path = folder / f"system-{len(list(folder.glob('system-*.toml')))}.toml"
    path.write_text(text, "utf-8")
    return path


def real(run: Run) -> Run:
    """Let a made-up run pass for one on hardware."""
    run.record = run.record.model_copy(update={"virtual": False, "session_id": f"s-{run.setup.mode}"})
    return run


def made(mode: str, benchmark: str = "ic01", **changes: object) -> Run:
    outputs = (1.5,) if benchmark == "ad01" else TEN
    return real(make_run(mode=mode, benchmark=benchmark, period_s=0.02, outputs=outputs, **changes))


def write_all(folder: Path, *runs: Run) -> list[Path]:
    paths = []
    for number, run in enumerate(runs):
        run.write(folder / f"{run.setup.benchmark}-{run.setup.mode}-{number}")
        paths.append(folder / f"{run.setup.benchmark}-{run.setup.mode}-{number}")
    return paths


def options(sessions: list[Path], tmp_path: Path, **changes: object) -> ExportOptions:
    system_file = form(tmp_path)
    base = ExportOptions(sessions, tmp_path / "out", org="Acme", system="board_a", system_file=system_file)
    return replace(base, **changes)


def everything(out: Path) -> dict[str, bytes]:
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}


def strict(data: bytes) -> object:
    """Parse JSON as the standard has it: no NaN, no Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(data.decode("ascii"), parse_constant=refuse)


def short_windows(folder: Path) -> list[Path]:
    return write_all(folder, made("accuracy"), made("performance", window_s=9.0), made("energy", window_s=9.0))


def renamed(run: Run, **changes: str) -> Run:
    return run.change(ev.DutIdentified, lambda number, event: event.model_copy(update=changes))


def result_value(path: Path) -> float:
    return evaluate(Session.open(path)).accuracy.value

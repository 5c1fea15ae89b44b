# SPDX-License-Identifier: Apache-2.0
"""Shell completion; nothing is opened, and only for drivers anything slow is imported."""

from pathlib import Path

_BUILT_IN = Path(__file__).parent.parent / "bench" / "builtin"
# The keys most often changed for one run; `--set` takes every key.
_KEYS = (
    "monitor.voltage_v",
    "monitor.sample_rate_hz",
    "monitor.current_limit_a",
    "monitor.port",
    "io_manager.port",
    "dut.port",
    "dut.baud",
    "environment.temperature_c",
)
_DEFINITIONS = Path(__file__).parent.parent / "benchmarks" / "definitions"


def complete_benchmark(incomplete: str) -> list[str]:
    """Return the benchmarks whose names begin with `incomplete`."""
    return _stems(_DEFINITIONS, incomplete)


def complete_mode(incomplete: str) -> list[str]:
    """Return the modes whose names begin with `incomplete`."""
    return [mode for mode in ("energy", "performance", "accuracy") if mode.startswith(incomplete)]


def complete_bench(incomplete: str) -> list[str]:
    """Return the built-in benches and the TOML files whose names begin with `incomplete`."""
    before, slash, _ = incomplete.rpartition("/")
    folder = Path(before + slash) if slash else Path()
    try:
        files = [f"{before}{slash}{path.name}" for path in sorted(folder.glob("*.toml"))]
    except OSError:
        files = []
    return _stems(_BUILT_IN, incomplete) + [file for file in files if file.startswith(incomplete)]


def complete_session(incomplete: str) -> list[str]:
    """Return the session folders whose paths begin with `incomplete`, here and in `sessions/`."""
    before, slash, _ = incomplete.rpartition("/")
    here = Path(before + slash) if slash else Path()
    places = [(here, before + slash), *([] if slash else [(Path("sessions"), "sessions/")])]
    found = []
    for folder, begin in places:
        try:
            found += [
                f"{begin}{path.name}" for path in sorted(folder.iterdir()) if (path / "record.json").is_file()
            ]
        except OSError:
            continue
    return [path for path in found if path.startswith(incomplete)]


def complete_certificate(incomplete: str) -> list[str]:
    """Return the ids of the certificates in `certificates/` that begin with `incomplete`."""
    try:
        found = sorted(path.name for path in Path("certificates").iterdir() if path.name.startswith("ER-"))
    except OSError:
        return []
    return [name for name in found if name.startswith(incomplete)]


def complete_paper(incomplete: str) -> list[str]:
    """Return the sizes of paper whose names begin with `incomplete`."""
    return [paper for paper in ("a4", "us-letter") if paper.startswith(incomplete)]


def complete_key(incomplete: str) -> list[str]:
    """Return the common keys of a bench file that begin with `incomplete`, each with `=` appended, for `--set`."""
    return [f"{key}=" for key in _KEYS if key.startswith(incomplete)]


def complete_driver(incomplete: str) -> list[str]:
    """Return the drivers whose names begin with `incomplete`, those of other packages included."""
    from instruments.registry import drivers

    return sorted(name for name in drivers() if name.startswith(incomplete))


def complete_table(incomplete: str) -> list[str]:
    """Return the kinds of tables whose names begin with `incomplete`."""
    return [
        what for what in ("windows", "inferences", "layers", "verdicts", "laps") if what.startswith(incomplete)
    ]


def complete_trace_format(incomplete: str) -> list[str]:
    """Return the formats of exported traces whose names begin with `incomplete`."""
    known = ("csv", "parquet", "jls", "sr", "vcd", "perfetto")
    return [name for name in known if name.startswith(incomplete)]


def complete_state(incomplete: str) -> list[str]:
    """Return the states of an audit that begin with `incomplete`."""
    from energy_runner.published.row import STATES

    return [state for state in STATES if state.startswith(incomplete)]


def _stems(folder: Path, incomplete: str) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml") if path.stem.startswith(incomplete))

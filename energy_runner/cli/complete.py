"""What the shell completes after TAB; nothing is opened, and nothing slow is imported."""

from pathlib import Path

_BUILT_IN = Path(__file__).parent.parent / "bench" / "builtin"
_DEFINITIONS = Path(__file__).parent.parent / "benchmarks" / "definitions"


def complete_benchmark(incomplete: str) -> list[str]:
    """Return the benchmarks whose names begin so."""
    return _stems(_DEFINITIONS, incomplete)


def complete_mode(incomplete: str) -> list[str]:
    """Return the modes whose names begin so."""
    return [mode for mode in ("energy", "performance", "accuracy") if mode.startswith(incomplete)]


def complete_bench(incomplete: str) -> list[str]:
    """Return the built-in benches and the TOML files whose names begin so."""
    before, slash, _ = incomplete.rpartition("/")
    folder = Path(before + slash) if slash else Path()
    try:
        files = [f"{before}{slash}{path.name}" for path in sorted(folder.glob("*.toml"))]
    except OSError:
        files = []
    return _stems(_BUILT_IN, incomplete) + [file for file in files if file.startswith(incomplete)]


def _stems(folder: Path, incomplete: str) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml") if path.stem.startswith(incomplete))

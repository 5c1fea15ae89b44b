"""Tell how many microjoules one inference of a tiny neural network costs, and prove it."""

from importlib import import_module
from typing import Any

# The public Python API; see docs/tutorial. Names resolve on first use, so that `--help` stays quick.
__all__ = [
    "Bench",
    "Result",
    "Run",
    "RunPlan",
    "Session",
    "analyze",
    "follow",
    "load_bench",
    "load_session",
    "plan",
    "run",
    "start",
    "table",
    "window_arrays",
]


def __getattr__(name: str) -> Any:
    """Return a name of the public API, or the version."""
    if name == "__version__":
        return import_module("energy_runner.version").version()
    if name in __all__:
        return getattr(import_module("energy_runner.api"), name)
    raise AttributeError(f"module 'energy_runner' has no attribute '{name}'")

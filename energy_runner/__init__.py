# SPDX-License-Identifier: Apache-2.0
"""Measure how many microjoules one inference of a tiny neural network costs, and prove it."""

from importlib import import_module
from typing import Any

from energy_runner import api

# The public Python API, docs/tutorials/python-api.md. Names resolve on first use, so that `--help` stays quick.
__all__ = api.__all__


def __getattr__(name: str) -> Any:
    """Return a name of the public API, or the version."""
    if name == "__version__":
        return import_module("energy_runner.version").version()
    if name in __all__:
        return getattr(api, name)
    raise AttributeError(f"module 'energy_runner' has no attribute '{name}'")


def __dir__() -> list[str]:
    """Return the names that completion offers."""
    return [*__all__, "__version__", "api"]

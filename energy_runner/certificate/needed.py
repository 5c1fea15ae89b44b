# SPDX-License-Identifier: Apache-2.0
"""The libraries of the extra `certificates`: imported where used, and named with their remedy if missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from energy_runner.errors import ConfigurationError


@contextmanager
def needed() -> Iterator[None]:
    """Let the body import what may be missing; raise `ConfigurationError` that says how to install it."""
    try:
        yield
    except ImportError as error:
        missing = (error.name or str(error)).partition(".")[0]
        raise ConfigurationError(
            f"certificates need the package {missing}, which cannot be imported. "
            "Try: pip install 'energy-runner[certificates]'"
        ) from error


def needed_module(name: str) -> Any:
    """Return a module of the extra; raise `ConfigurationError` where it is not installed."""
    with needed():
        return import_module(name)

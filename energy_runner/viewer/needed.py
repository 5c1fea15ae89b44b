# SPDX-License-Identifier: Apache-2.0
"""The libraries of the extra `viewer`, named with their remedy if missing."""

from importlib import import_module
from typing import Any

from energy_runner.errors import ConfigurationError


def needed_module(name: str) -> Any:
    """Return a module of the extra; raise `ConfigurationError` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        missing = (error.name or str(error)).partition(".")[0]
        raise ConfigurationError(
            f"the viewer needs the package {missing}, which cannot be imported. "
            "Try: pip install 'energy-runner[viewer]'"
        ) from error

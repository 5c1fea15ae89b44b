# SPDX-License-Identifier: Apache-2.0
"""Libraries that only certificates need: imported where they are used, named with their remedy where they lack."""

import importlib
from typing import Any

from energy_runner.errors import ConfigurationError


def needed(module: str) -> Any:
    """Return a module of the extra `certificates`; raise `ConfigurationError` where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = module.partition(".")[0]
        raise ConfigurationError(
            f"the library {missing} cannot be imported ({error}), and a certificate needs it. "
            "Try: pip install 'energy-runner[certificates]'"
        ) from error

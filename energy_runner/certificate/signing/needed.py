# SPDX-License-Identifier: Apache-2.0
"""The libraries that only certificates need: they are imported where they are used."""

from collections.abc import Iterator
from contextlib import contextmanager

from energy_runner.errors import ConfigurationError


@contextmanager
def needed() -> Iterator[None]:
    """Let the body import what may be missing; raises `ConfigurationError` that says how to install it."""
    try:
        yield
    except ImportError as error:
        raise ConfigurationError(
            f"certificates need the package {error.name or error}. Try: pip install 'energy-runner[certificates]'"
        ) from None

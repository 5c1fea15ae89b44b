# SPDX-License-Identifier: Apache-2.0
"""lxml, imported where it is needed: it takes some time, and belongs to an extra."""

from importlib import import_module
from typing import Any

from energy_runner.errors import ConfigurationError


def etree() -> Any:
    """Return `lxml.etree`; raise `ConfigurationError` where it is not installed."""
    try:
        return import_module("lxml.etree")
    except ImportError:
        raise ConfigurationError(
            "certificate.dcc.xml is written and read with lxml, which is not installed. "
            "Try: pip install 'energy-runner[certificates]'"
        ) from None

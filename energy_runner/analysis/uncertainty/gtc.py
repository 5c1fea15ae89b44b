# SPDX-License-Identifier: Apache-2.0
"""GTC, the GUM Tree Calculator (Measurement Standards Laboratory of New Zealand): uncertain numbers."""

from importlib import import_module
from typing import Any


def gtc() -> Any:
    """Return the module GTC; loading it takes up to a second, and only a budget needs it."""
    return import_module("GTC")

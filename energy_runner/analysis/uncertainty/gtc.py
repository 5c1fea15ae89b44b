# SPDX-License-Identifier: Apache-2.0
"""GTC, the GUM Tree Calculator (Measurement Standards Laboratory of New Zealand): uncertain numbers.

Importing it takes a second, all but a tenth of which is scipy's: GTC imports `scipy.special` and
`scipy.optimize` at its top for functions that we never call. So these two are entered as lazy modules first
(`importlib.util.LazyLoader`): they are the real modules, loaded at first use.
"""

import sys
from importlib import import_module
from importlib.util import LazyLoader, find_spec, module_from_spec
from types import ModuleType
from typing import Any

_LATE = ("special", "optimize")


def gtc() -> Any:
    """Return the module GTC, imported on the first call."""
    if "GTC" not in sys.modules:
        scipy = import_module("scipy")
        for name in _LATE:
            _import_late(scipy, name)
    return import_module("GTC")


def _import_late(package: ModuleType, name: str) -> None:
    """Enter a submodule of `package` that loads when it is used, unless it is there already."""
    whole = f"{package.__name__}.{name}"
    if whole in sys.modules:
        return
    spec = find_spec(whole)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[whole] = module
    spec.loader.exec_module(module)
    setattr(package, name, module)

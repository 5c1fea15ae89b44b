# SPDX-License-Identifier: Apache-2.0
"""Show another program the ports of a served bench in the place of this computer's.

Python imports this at its start where this folder stands in PYTHONPATH. `PEER_PORTS` holds the ports as JSON: the
path of each, its USB vendor and its product. The program itself stays as it is.
"""

import json
import os
import sys
import types

_PORTS = json.loads(os.environ["PEER_PORTS"])


def _comports(include_links: bool = False) -> list[types.SimpleNamespace]:
    del include_links
    return [
        types.SimpleNamespace(device=path, vid=vid, pid=pid, description="a twin") for path, vid, pid in _PORTS
    ]


try:
    from serial.tools import list_ports
except ImportError:
    pass  # a Python without pyserial, such as one that a tool starts
else:
    list_ports.comports = _comports
# Devices that are no serial ports are looked for by pyusb; a served bench has none.
_core = types.ModuleType("usb.core")
_core.find = lambda **_: []  # type: ignore[attr-defined]
_usb = types.ModuleType("usb")
_usb.core = _core  # type: ignore[attr-defined]
sys.modules.update({"usb": _usb, "usb.core": _core})

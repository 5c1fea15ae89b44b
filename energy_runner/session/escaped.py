# SPDX-License-Identifier: Apache-2.0
"""Text that UTF-8 cannot hold: lone surrogates, from a file's name or from what a stranger's error says."""

from typing import Any


def escaped(value: Any) -> Any:
    r"""Return plain data whose texts can all be encoded: lone surrogates are written out, as in `\udcff`."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {escaped(key): escaped(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(each) for each in value]
    return value

# SPDX-License-Identifier: Apache-2.0
"""What only a programmer understands, and no message to a user may hold."""

import re

_PYTHON = re.compile(
    r"""b'|b"|\bNone\b|<[\w.]+\ (object|at)|\b[A-Z]\w+(Error|Exception|Violation)\b|\b(Chatter|Said|Lap|Ready)\(
    |Traceback|\[Errno|\b(int|float|str|bool|boolean|NoneType)\b|\['[^']*'(,\ '|\])""",
    re.VERBOSE,
)


def python_text(message: str) -> str:
    """Return the first piece of Python text in a message; "" if there is none."""
    found = _PYTHON.search(message)
    return found[0] if found else ""


def assert_complete(error: object) -> None:
    """Assert that an instrument's error says what was asked, what came and what to try, in plain words."""
    asked, came, try_this = (getattr(error, part) for part in ("asked", "came", "try_this"))
    assert all((asked, came, try_this)), str(error)
    assert not python_text(str(error)), str(error)
    assert "\n" not in str(error)

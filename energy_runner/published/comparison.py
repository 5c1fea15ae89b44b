# SPDX-License-Identifier: Apache-2.0
"""`published.json` of an imported session: what was published beside what its data give, as of the import."""

import json
from pathlib import Path

from pydantic import ValidationError

from energy_runner.errors import SessionError, in_words
from energy_runner.published.row import AuditRow
from energy_runner.session import disk

COMPARISON = "published.json"
SCHEMA = "energy-runner/published/1"
_BESIDE = ("schema", "figures_compared")
_MOST_BYTES = 16 << 20


def read_comparison(folder: Path) -> AuditRow | None:
    """Return the row that was written at the import of a session; None where there is none.

    Raises `SessionError` for a file that cannot be read, or is none.
    """
    path = folder / COMPARISON
    if not path.is_file():
        return None
    try:
        with disk.open_file(path) as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES} bytes")
        document = json.loads(data)
        return AuditRow.model_validate({key: each for key, each in document.items() if key not in _BESIDE})
    except (OSError, ValueError, RecursionError, AttributeError, ValidationError) as error:
        why = in_words(error) if isinstance(error, OSError) else "it is no comparison of this version"
        raise SessionError(f"{COMPARISON}: cannot be read ({why}). Try: import the session again") from None

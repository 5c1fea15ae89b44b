# SPDX-License-Identifier: Apache-2.0
"""Runs without their report, which takes two thirds of a short run's time, where nobody looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

PAGE = b"<html></html>"


@contextmanager
def no_report() -> Iterator[None]:
    """Write `PAGE` in place of every report that is derived together with a result."""
    # Patched where it is called; where it is defined, another name of it is called all the same.
    with patch("energy_runner.api.derived.page_bytes", lambda session, result: PAGE):
        yield

# SPDX-License-Identifier: Apache-2.0
"""Runs without their report, which takes two thirds of a short run's time, where nobody looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

PAGE = b"<html></html>"


@contextmanager
def no_report() -> Iterator[None]:
    """Write `PAGE` in place of every report that is derived together with a result."""
    # `energy_runner.api.derived` takes it from there at each call.
    with patch("energy_runner.report.html.page_bytes", lambda session, result: PAGE):
        yield

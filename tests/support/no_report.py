# SPDX-License-Identifier: Apache-2.0
"""Runs without their report, which takes two thirds of a short run's time, where nobody looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from energy_runner.session.seal import HTML_MARK, ZEROS, stamped

# Like a report it holds its own digest, so that nothing takes it for one that was changed.
PAGE = stamped(b'<html><meta name="sha256" content="' + ZEROS.encode() + b'"></html>', HTML_MARK)


@contextmanager
def no_report() -> Iterator[None]:
    """Write `PAGE` in place of every report that is derived together with a result."""
    # `energy_runner.api.derived` takes it from there at each call.
    with patch("energy_runner.report.html.page_bytes", lambda session, result: PAGE):
        yield

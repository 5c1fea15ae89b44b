# SPDX-License-Identifier: Apache-2.0
"""Errors of the analysis, whose results know no paths and so its errors neither, get the session's name here."""

from collections.abc import Iterator
from contextlib import contextmanager

from energy_runner.errors import SessionError
from energy_runner.session.folder import Session


@contextmanager
def named(session: Session) -> Iterator[None]:
    """Name the session in a `SessionError` that does not name it yet."""
    try:
        yield
    except SessionError as error:
        if str(error).startswith(str(session.path)):
            raise
        raise SessionError(f"{session.path}: {error}") from error

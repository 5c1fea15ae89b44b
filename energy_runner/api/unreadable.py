# SPDX-License-Identifier: Apache-2.0
"""Add the session's path to errors of the analysis, which does not know it."""

from collections.abc import Iterator
from contextlib import contextmanager

from energy_runner.errors import SessionError
from energy_runner.session.folder import Session


@contextmanager
def named(session: Session) -> Iterator[None]:
    """Put the session's path in front of a `SessionError` that does not begin with it."""
    try:
        yield
    except SessionError as error:
        if str(error).startswith(str(session.path)):
            raise
        raise SessionError(f"{session.path}: {error}") from error

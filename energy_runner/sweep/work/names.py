# SPDX-License-Identifier: Apache-2.0
"""Names of sweeps and of their sessions, which no other computer gives."""

import secrets

from instruments.clock import Clock, utc_text


def sweep_id(name: str, clock: Clock) -> str:
    """Return a new id: the plan's name, the day, and eight digits drawn at random."""
    return f"{name}-{utc_text(clock.utc_ns())[:10].replace('-', '')}-{secrets.token_hex(4)}"


def session_prefix(sweep: str, number: int, epoch: int) -> str:
    """Return how the names of all sessions of one claim begin."""
    return f"{sweep}-p{number:05d}-e{epoch:02d}-"


def session_name(sweep: str, number: int, epoch: int, *, virtual: bool) -> str:
    """Return a new session's name: sweep, point and epoch, which are unique, and four digits drawn at random.

    The digits keep sessions apart whose epochs were counted by a catalogue that was made again.
    """
    return f"{session_prefix(sweep, number, epoch)}{secrets.token_hex(2)}{'-virtual' if virtual else ''}"

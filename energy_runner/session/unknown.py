# SPDX-License-Identifier: Apache-2.0
"""Read a journal line whose kind of event this version does not know, such as a later one may write."""

from pydantic_core import from_json

from energy_runner.session.events import KINDS, UnknownEvent


def unknown_event(line: bytes, number: int) -> UnknownEvent | None:
    """Return the event in line `number` of a journal if only its kind is unknown; None for anything else."""
    try:
        fields = from_json(line)
        kind = fields.pop("kind")
        if kind in KINDS:
            return None
        return UnknownEvent(t_ns=fields.pop("t_ns"), kind=kind, line=number, fields=fields)
    except (ValueError, LookupError, TypeError, AttributeError):  # no JSON, no object, no time or no such kind
        return None

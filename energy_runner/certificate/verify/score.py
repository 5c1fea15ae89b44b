# SPDX-License-Identifier: Apache-2.0
"""The energy of each window from the trace alone, between the edges that the certificate states.

It takes one look at the samples, where the whole analysis takes ten; so it is what is done with a long trace.
"""

import math
from collections.abc import Iterator

from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.analysis.facts import gather
from energy_runner.certificate.verify.checks import Contradiction
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, WindowResult

LONG = 10_000_000  # samples; a window's energy alone is derived from a longer trace unless all is asked for
_SAME = 1e-9


def is_long(session: Session) -> bool:
    """Return whether a session's trace is long; raise `SessionError` if it cannot be read."""
    if not session.has_trace():
        return False
    with session.trace() as trace:
        return trace.length > LONG


def energies(session: Session, result: Result) -> Iterator[Contradiction]:
    """Yield the windows whose energy is not the integral of the trace between their edges."""
    facts = gather(session.journal(exchanges=False))
    rail = facts.rail or None
    with session.trace(rail) as trace:
        source = recorded_source(trace, facts)
        for number, window in enumerate(_windows(result, rail)):
            if window.start_s is None or window.stop_s is None or window.energy_j is None:
                continue
            start, stop = window.start_s / source.period_s, window.stop_s / source.period_s
            place = f"result.windows[{number}]"
            if not 0 <= start < stop <= source.length:
                yield place, "its edges are not inside the trace"
                continue
            energy_j = source.window(start, stop).total * source.joule
            if not math.isclose(energy_j, window.energy_j, rel_tol=_SAME):
                yield f"{place}.energy_j", f"{window.energy_j:.9g} J, and the trace gives {energy_j:.9g} J"


def _windows(result: Result, rail: str | None) -> list[WindowResult]:
    return next((one.windows for one in result.rails if one.name == rail), result.windows)

# SPDX-License-Identifier: Apache-2.0
"""Sessions: open one, get the samples of a window, get the exit status."""

import math
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.analyze import analyze as derive
from energy_runner.analysis.energy.recorded import session_source
from energy_runner.errors import ExitStatus, SessionError
from energy_runner.session.folder import Session
from energy_runner.session.result import Result

__all__ = ["Result", "Session", "exit_status", "load_session", "window_arrays"]

FloatArray = npt.NDArray[np.float64]
AnySession = Session | str | PathLike[str]


def load_session(folder: AnySession) -> Session:
    """Return the session in a folder; a `Session` is returned as it is.

    Raises `SessionError` if the folder holds no session.
    """
    return folder if isinstance(folder, Session) else Session.open(Path(folder))


def window_arrays(session: AnySession, number: int) -> tuple[FloatArray, FloatArray]:
    """Return the samples of window `number` (from 1): mid-times in seconds and mean powers in watt.

    Times count from the start of the acquisition, by the clock that the run found where it corrected the
    monitor's; missing samples are NaN. Every sample that the window touches is
    included, so the first and the last may lie partly outside. Raises `SessionError` for a window that the session
    does not have, or that has no place in the trace.
    """
    session = load_session(session)
    windows = derive(session).windows  # from the facts, not from a file that anybody can edit
    if not 1 <= number <= len(windows):
        raise SessionError(f"{session.path}: has windows 1 to {len(windows)}, not {number}")
    window = windows[number - 1]
    if window.start_s is None or window.stop_s is None:
        raise SessionError(f"{session.path}: window {number} has no place in the trace; see its findings")
    with session.trace() as trace:
        source = session_source(session, trace)
        first = int(window.start_s / source.period_s)
        stop = min(source.length, math.ceil(window.stop_s / source.period_s))
        power_w = np.asarray(source.power_w(first, stop), dtype=np.float64)
    time_s = (np.arange(first, stop, dtype=np.float64) + 0.5) * np.float64(source.step_s)
    return time_s, power_w


def exit_status(session: Session) -> ExitStatus:
    """Return the exit status of a command that measured or analysed this session."""
    outcome = session.record.outcome
    if outcome == "completed":
        return ExitStatus.VALID if session.result().valid else ExitStatus.RULE_FAILED
    safely = outcome == "interrupted" and session.record.supply_off_confirmed is not False
    return ExitStatus.INTERRUPTED if safely else ExitStatus.BENCH_FAULT

# SPDX-License-Identifier: Apache-2.0
"""Switching the supply on and off; every path ends with off, which is tried until its deadline."""

from collections.abc import Callable
from contextlib import ExitStack, suppress

from energy_runner.bench import Bench
from energy_runner.director.watch import IF_KILLED
from energy_runner.errors import BenchFault, Interrupted, RunnerError
from instruments.clock import Deadline
from instruments.errors import InstrumentError, ProtocolViolation, TimedOut, one_line
from instruments.roles import Identity, Instrument, Supply

SUPPLY = "supply"  # the source of what is said about it
SUPPLY_STEP = "switch the supply off"
POWER_S = 10.0  # to switch on, and for the first try to switch off: an acquisition may have to be ended
AGAIN_S = 5.0  # for each further try, so that an instrument that comes back late still meets a fresh one
OFF_S = 30.0  # for all tries
BLIND_S = 1.5  # of a try, to switch off what does not let itself be opened as usual
# An instrument that has dropped off its bus is back within a second or two; a longer pause gains nothing.
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
MAY_BE_ON = "THE SUPPLY MAY STILL BE ON"

Say = Callable[[str], object]


def switch_on(bench: Bench, supply: Supply, deadline: Deadline, say: Say) -> None:
    """Switch the supply on; from now on it counts as on until it is confirmed that it is off.

    `say` is told if nothing would switch it off should this process be killed.
    """
    problem = bench.unwatched()
    if problem:
        say(f"there is no watchdog ({problem}): {IF_KILLED}")
    bench.switched_on, bench.off_confirmed = True, False
    supply.on(deadline)


def switch_off(
    bench: Bench,
    deadline: Deadline,
    say: Say = lambda text: None,
    *,
    persistent: bool = True,
    opened: bool = True,
) -> Identity | None:
    """Switch the supply off and confirm it: again and again until the deadline, each time on a link opened afresh.

    `say` is told about every try that failed; nothing it raises ends the tries. Without `persistent`, for an
    instrument that was never reached and so never switched on, the link is opened afresh only once. `opened` says
    whether the instrument is open now. Returns its identity if it was opened here and said who it is. Raises the
    last error if no try was confirmed.
    """
    supply, player = bench.supply, bench.players.supply
    if supply is None or player is None:
        return None
    identity: Identity | None = None
    limit_s, pause_s, again = POWER_S, FIRST_PAUSE_S, False
    while True:
        attempt = deadline.at_most(limit_s)
        try:
            if again or not opened:
                close_feeding(bench)
                identity = _all_opened(bench, attempt)
            supply.off(attempt)
        except BaseException as error:  # whatever it was, the supply comes first
            if (again and not persistent) or deadline.remaining_s() <= pause_s:
                raise
            if persistent:
                with suppress(BaseException):
                    say(_trouble(player.instrument, error, deadline))
            bench.clock.sleep(pause_s)
            limit_s, pause_s, again = AGAIN_S, min(2 * pause_s, LONGEST_PAUSE_S), True
        else:
            bench.off_confirmed = True
            return identity


def _all_opened(bench: Bench, attempt: Deadline) -> Identity | None:
    """Open every instrument that feeds the DUT; return who the first is. None is kept from it by another.

    Then all that did open are switched off, and the first error is raised.
    """
    feeding, trouble, identities = bench.feeding(), None, []
    for left, (instrument, supply) in zip(range(len(feeding), 0, -1), feeding, strict=True):
        try:
            identities.append(_opened(instrument, supply, attempt.at_most(attempt.remaining_s() / left)))
        except InstrumentError as error:
            trouble = trouble or error
    if trouble is None:
        return identities[0]
    for _, supply in reversed(feeding) if len(feeding) > 1 else ():
        with suppress(InstrumentError):
            supply.off(attempt)
    raise trouble


def close_feeding(bench: Bench) -> InstrumentError | None:
    """Close every instrument that feeds the DUT; return the first error, if any."""
    errors: list[InstrumentError | None] = []

    def close(instrument: Instrument) -> None:
        errors.append(closed(instrument))

    with ExitStack() as each:  # each is closed, even if another raises what `closed` does not catch
        for instrument, _ in reversed(bench.feeding()):
            each.callback(close, instrument)
    return next((error for error in errors if error is not None), None)


def _opened(instrument: Instrument, supply: Supply, attempt: Deadline) -> Identity | None:
    """Return who answers. One that does not answer as it should is told to switch off all the same.

    It may heed commands although it floods the line, stays silent, or answers late. If it even confirms that it is
    off, its identity is None; otherwise what was wrong is raised. Not told is a device that says it is another.
    """
    try:
        return instrument.open(attempt.at_most(max(0.0, attempt.remaining_s() - BLIND_S)))
    except (TimedOut, ProtocolViolation):
        try:
            supply.off(attempt)
        except InstrumentError:
            pass  # what kept it from being opened says more
        else:
            return None
        raise


def switch_off_unreached(bench: Bench) -> None:
    """Open, switch off and close a supply that a job had not reached when it was stopped: then its state is known.

    If that fails, `bench.off_confirmed` says so. The job has not switched it on, so this is tried only once.
    """
    player = bench.players.supply
    if player is None or bench.off_confirmed or bench.switched_on:
        return
    with suppress(Exception):
        try:
            switch_off(bench, bench.clock.deadline(OFF_S), persistent=False, opened=False)
        finally:
            close_feeding(bench)


def closed(instrument: Instrument) -> InstrumentError | None:
    """Close an instrument and return what it raised, if anything: that says nothing about its supply."""
    try:
        instrument.close()
    except InstrumentError as error:
        return error
    return None


def unconfirmed(bench: Bench) -> str:
    """Return in words what it means that switching off was not confirmed; "" if it was, or there is no supply."""
    if bench.supply is None or bench.off_confirmed:
        return ""
    if bench.switched_on:
        return f"{MAY_BE_ON}: switching it off was not confirmed. Try: energy-runner bench off, or by hand"
    return "the supply was never switched on by this run, and its state is unknown"


def stopped_safely(stopped: Interrupted, bench: Bench) -> RunnerError:
    """Return what to raise after an interrupted job: only with the supply confirmed off is it `Interrupted`."""
    doubt = unconfirmed(bench)
    return BenchFault(f"{stopped}; {doubt}") if doubt else stopped


def _trouble(name: str, error: BaseException, deadline: Deadline) -> str:
    came = one_line(error.came if isinstance(error, InstrumentError) else error)
    left_s = f"{deadline.remaining_s():.0f} s"
    return f"{name} did not confirm that the supply is off ({came}); trying again, {left_s} left"

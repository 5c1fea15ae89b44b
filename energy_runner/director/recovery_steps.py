# SPDX-License-Identifier: Apache-2.0
"""The steps of recovery, each a plain function over a bench: it returns what it did, in words, or raises."""

from energy_runner.director.examination import who
from energy_runner.director.program import run_program
from energy_runner.director.recovery_hands import DoesNotApply, Hands
from energy_runner.director.stage import ANSWER_S, OPEN_S
from energy_runner.director.supply_off import POWER_S
from energy_runner.errors import BenchFault, ConfigurationError, in_words
from energy_runner.wording import shown
from instruments.clock import Deadline
from instruments.errors import InstrumentError, one_line
from instruments.roles import Restarts, Switch

DUT_OFF_S = 5.0  # assumed: by then the capacitors of a board that draws microamperes are empty
PORT_OFF_S = 2.0  # assumed: as long as a hub's port must be off for what hangs on it to lose its power
CLOSED_S = 1.0  # assumed: by then a USB stack has noticed that its port was closed
COMMAND_S = 30.0
BACK_S = 30.0  # for one device to be found again by the computer, and to start


def resynchronise(hands: Hands) -> str:
    """Open every instrument, which brings its answers in step, then hear the DUT boot and say its name."""
    for name in hands.bench.instruments:
        hands.open(name)
    hands.open_supply()  # as settings are made with the supply off, whatever an earlier run has left
    return f"every instrument answers, and the DUT says that it is {hands.greet()}"


def power_cycle_dut(hands: Hands) -> str:
    """Leave the DUT without supply for a while, then feed it until it says its name.

    Its port is opened before, where that is possible: an interface board that still waits for the DUT answers
    nothing until the DUT has booted.
    """
    if hands.bench.supply is None:
        raise DoesNotApply("no instrument of this bench switches the DUT's supply")
    hands.open_supply()
    hands.opens(hands.dut_port)
    hands.wait(DUT_OFF_S)
    return f"off for {DUT_OFF_S:g} s; then the DUT said that it is {hands.greet()}"


def reset_io_manager(hands: Hands) -> str:
    """Restart the boards that relay the DUT's UART or time its pin, where their driver can."""
    instruments = hands.bench.instruments
    boards = {name: one for name, one in instruments.items() if isinstance(one, Restarts)}
    if not boards:
        raise DoesNotApply("no instrument of this bench can be restarted by its port")
    hands.supply_answers()
    restarted = {name: hands.restart(name, board) for name, board in boards.items()}
    said = [f"{name} restarted: {who(identity)}" for name, identity in restarted.items() if identity is not None]
    if not said:
        raise DoesNotApply(f"the port of {' and of '.join(boards)} has no DTR, by which it could be restarted")
    return "; ".join(said)


def reopen_monitor(hands: Hands) -> str:
    """Close and open what feeds and what samples until it answers; let it take its settings."""
    sampled = hands.bench.sampled()
    names = list(dict.fromkeys([*hands.feeding, *(one.by for one in sampled)]))
    if not names:
        raise DoesNotApply("no instrument of this bench feeds or samples")
    said = []
    for name in names:
        hands.opens(name)
        hands.close(name)
        hands.wait(CLOSED_S)
        said.append(f"{name} answers: {who(hands.open_at_last(name, BACK_S))}")
    hands.open_supply()
    for one in sampled:
        one.sampler.stop(hands.within(POWER_S + one.sampler.capabilities.stop_s))
        one.sampler.configure(hands.bench.sampling, hands.within(OPEN_S))
    return "; ".join(said)


def power_cycle_usb(hands: Hands) -> str:
    """Switch a USB port off and on, by the plan's command or the bench's switch; wait until everything answers."""
    command, switch = hands.usb_power_command, hands.bench.switch
    if not command and switch is None:
        raise DoesNotApply("the plan has no usb_power_command, and the bench no switch")
    hands.supply_answers()
    hands.close_all()
    if command:
        done = _by_command(hands, command)
    elif switch is not None:
        done = _by_switch(hands, switch)
    for name in hands.bench.instruments:
        hands.open_at_last(name, BACK_S)
    return f"{done}; every instrument answers"


def _by_command(hands: Hands, command: tuple[str, ...]) -> str:
    asked, limit_s = f"usb_power_command {shown(command[0])}", min(COMMAND_S, hands.deadline.remaining_s())
    try:
        ended = run_program(command, limit_s, hands.look_after)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{asked} cannot be started ({in_words(error)}). Try: its whole path") from None
    if ended.status is None:
        raise BenchFault(f"{asked} did not end within {limit_s:g} s and was ended. Try: it by hand")
    if ended.status != 0:
        lines = [line for line in ended.output.splitlines() if line.strip()]
        said = shown(one_line(lines[-1]), 200) if lines else "it said nothing"
        raise BenchFault(f"{asked} ended with status {ended.status}: {said}. Try: it by hand")
    return f"{shown(command[0])} switched the port off and on"


def _by_switch(hands: Hands, switch: Switch) -> str:
    """Turn the switch off and on again; it is turned on at the end in any case."""
    bench, player = hands.bench, hands.bench.players.switch
    if player is None:
        raise DoesNotApply("the bench has no switch")
    restored = False

    def restore(deadline: Deadline) -> None:
        if restored:
            return
        try:
            switch.turn(True, deadline.at_most(ANSWER_S))
        except InstrumentError:  # its link may have been lost with what was switched
            bench.instruments[player.instrument].close()
            bench.instruments[player.instrument].open(deadline)
            switch.turn(True, deadline)

    hands.on_undo(f"turn {player} on again", restore, OPEN_S)
    hands.open(player.instrument)
    switch.turn(False, hands.within(ANSWER_S))
    hands.wait(PORT_OFF_S)
    switch.turn(True, hands.within(ANSWER_S))
    restored = True
    return f"{player} was off for {PORT_OFF_S:g} s"

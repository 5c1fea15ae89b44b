# SPDX-License-Identifier: Apache-2.0
"""Load stimuli into the DUT and, unless the user does without it, prove that it holds what the files hold."""

import hashlib
from dataclasses import dataclass

from energy_runner.director.plan import PlannedInput
from energy_runner.director.stage import ANSWER_S, Stage
from energy_runner.session.events import StimulusLoaded
from instruments.clock import NS_PER_S
from instruments.errors import ProtocolViolation, Refused

# Rounds of loading and reading back before a DUT that holds something else counts as a fault of the bench.
ROUNDS = 3
# Times that one load is read back: what comes back may have been damaged on its way, and the load itself not.
READINGS = 2
# Reading back takes 1.75 times as long as loading. A DUT that takes so many times as long, and the time of an
# answer more, is silent.
PATIENCE = 4.0


@dataclass(frozen=True)
class LoadTime:
    """How long one stimulus took, in seconds: to load it, and to read it back (0 where it was not)."""

    load_s: float
    read_back_s: float


def load(stage: Stage, planned: PlannedInput, *, read_back: bool) -> LoadTime:
    """Load a stimulus and, if wanted, compare what the DUT holds byte for byte; return how long each took.

    A DUT that holds other bytes is loaded again, `ROUNDS` times in all, and each time is remarked. Raises
    `ProtocolViolation` if it never holds the stimulus, and the errors of the link.
    """
    data = planned.read()
    load_ns = back_ns = 0
    wrong = ""
    for _ in range(ROUNDS):
        before_ns = stage.clock.now_ns()
        with stage.recorder.bulk():
            tries = stage.bench.dut.load(data, stage.deadline(30.0 + 0.05 * len(data)))  # as at 1200 baud
        loaded_ns = stage.clock.now_ns()
        load_ns += loaded_ns - before_ns
        if tries > 1:
            stage.recorder.remark("dut", f"{planned.file} needed {tries} tries to load", suspicious=True)
        patience_s = ANSWER_S + PATIENCE * (loaded_ns - before_ns) / NS_PER_S
        wrong = _difference(stage, planned, data, patience_s) if read_back else ""
        back_ns += stage.clock.now_ns() - loaded_ns
        if not wrong:
            break
    else:
        raise ProtocolViolation(
            f"load {planned.file} and read it back from the DUT",
            f"{wrong}, after loading it {ROUNDS} times",
            "check the UART; without reading back, nothing proves what the DUT holds",
        )
    stage.recorder.emit(
        StimulusLoaded(
            t_ns=stage.clock.now_ns(),
            index=planned.number,
            file=planned.file,
            offset=planned.offset,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            read_back=read_back,
        )
    )
    return LoadTime(load_ns / NS_PER_S, back_ns / NS_PER_S)


def _difference(stage: Stage, planned: PlannedInput, data: bytes, patience_s: float) -> str:
    """Return how what the DUT holds differs from `data`, each time that it was read; empty if it does not."""
    dut, wrong = stage.bench.dut, ""
    for _ in range(READINGS):
        try:
            with stage.recorder.bulk():
                held = dut.read_back(len(data), stage.deadline(patience_s))
        except (ProtocolViolation, Refused) as error:
            wrong = error.came
        else:
            if held == data:
                return ""
            pairs = enumerate(zip(data, held, strict=False))
            first = next((i for i, (sent, came) in pairs if sent != came), len(held))
            wrong = f"byte {first} of {len(data)} differs ({len(held)} bytes came back)"
        stage.recorder.remark("dut", f"{planned.file} read back: {wrong}", suspicious=True)
        with stage.recorder.bulk():
            dut.settle(stage.deadline(ANSWER_S))
    return wrong

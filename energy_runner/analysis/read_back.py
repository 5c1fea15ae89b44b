# SPDX-License-Identifier: Apache-2.0
"""Which stimuli were read back from the DUT and found to be what was sent: what happened, not what was planned."""

from dataclasses import dataclass

from energy_runner.analysis.facts import Facts

NOT_PROVEN = "not proven that the DUT saw what the files hold"


@dataclass(frozen=True)
class ReadBack:
    """How many of the `loaded` inputs were `compared`, byte for byte, in the DUT's memory."""

    compared: int
    loaded: int

    @property
    def words(self) -> str:
        """Return it for a report, with what it leaves unproven."""
        if not self.loaded:
            return "not known: the session does not tell what was loaded"
        if self.compared == self.loaded:
            return f"{self.compared} of {self.loaded}, byte for byte"
        return f"{self.compared or 'none'} of {self.loaded}: {NOT_PROVEN}"


def loads(facts: Facts) -> ReadBack:
    """Return it for every load of the run."""
    return ReadBack(sum(one.read_back for one in facts.loaded), len(facts.loaded))


def classified(facts: Facts) -> ReadBack:
    """Return it for the inputs that were classified in accuracy mode; `loaded` counts the answers."""
    proven = {(one.index, one.offset) for one in facts.loaded if one.read_back}
    answers = [(one.stimulus, one.offset) for one in facts.inferences if one.purpose == "accuracy"]
    return ReadBack(sum(answer in proven for answer in answers), len(answers))

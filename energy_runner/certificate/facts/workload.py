# SPDX-License-Identifier: Apache-2.0
"""What the item had to do: the benchmark, its stimuli, and whether the same firmware is accurate enough."""

from typing import Literal

from pydantic import StrictBool

from energy_runner.session.document import Model
from energy_runner.session.evidence import StimuliStanding
from energy_runner.session.record import LabelFile, StimulusFile


class AccuracyFacts(Model):
    """An accuracy session of the same item."""

    session_id: str
    """Name of the session."""
    virtual: StrictBool
    """True if anything in it was simulated."""
    facts_sha256: str | None
    """Digest of its sealed facts; null for a session that is not sealed."""
    metric: Literal["top1", "auc"]
    """`top1`: percent of right classes; `auc`: area under the ROC curve."""
    value: float | None
    """Value of the metric: percent for `top1`, a fraction for `auc`; null if withheld."""
    target: float
    """The benchmark's target, in the same unit."""
    met: StrictBool
    """Whether the target is met by a valid run."""
    stimuli: int
    """Stimuli that were answered."""
    standing: StimuliStanding | None
    """Whether its stimuli are the benchmark's own; null where the session does not tell."""
    same_firmware: StrictBool | None
    """Whether the firmware is the same, by name, profile and the hash of its file; null where no hash is known."""
    firmware_from: str = ""
    """Who names the file of its firmware: `flashed in the session`, `stated by the laboratory`; empty where nobody
    does."""


class Workload(Model):
    """The benchmark and its stimuli."""

    benchmark: str
    """Id of the benchmark."""
    task: str
    """What the network does."""
    division: str = ""
    """Division of the suite, as the laboratory states it."""
    rule_set: str
    """Id of the rule set that judged."""
    rule_set_sha256: str
    """SHA-256 of the whole rule set, with what it is based on."""
    inferences: list[int]
    """Inferences in each window."""
    warmups: int
    """Warm-up inferences before each window."""
    stimuli: list[StimulusFile]
    """The stimuli of the windows, in order."""
    label_file: LabelFile | None = None
    """The file that names them and their classes; null where the session does not tell."""
    standing: StimuliStanding | None = None
    """Whether they are the benchmark's own; null where that cannot be told."""
    accuracy: AccuracyFacts | None = None
    """The accuracy of the same item; null where no accuracy session was given."""

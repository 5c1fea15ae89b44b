# SPDX-License-Identifier: Apache-2.0
"""What a session proves of itself, as data: its events by the exchanged bytes, its stimuli by pinned hashes."""

from typing import Literal

from pydantic import Field

from energy_runner.session.document import Model

Standing = Literal["official", "demonstration", "unofficial", "unknown"]


class ExchangeCheck(Model):
    """The events that were derived from exchanged bytes, against those bytes, read again."""

    compared: int
    """Facts that were compared."""
    contradictions: int
    """How many of them say something else than the bytes."""
    first: str = ""
    """The first of these, in words; empty if there is none."""
    warmups_said: list[int | None] = Field(default_factory=list)
    """Warm-ups of each window as the DUT counted them; null where it did not say."""


class StimuliStanding(Model):
    """Whether the stimuli are the benchmark's own, by pinned hashes of their names, classes and contents."""

    status: Standing
    """The worst of all stimuli; `demonstration`: those that come with a demo benchmark of this project."""
    detail: str
    """Why, in words."""
    label_file: Standing
    """Whether the label file is, byte for byte, the official one."""
    official: int
    """Stimuli that are the benchmark's own by name, class and content."""
    demonstration: int
    """Stimuli that come with a demo benchmark."""
    unofficial: int
    """Stimuli whose name, class or content is not the benchmark's."""
    unknown: int
    """Stimuli whose content nobody told this project, or that an imported session names only."""

# SPDX-License-Identifier: Apache-2.0
"""What all checks do with a subject: open it, sample, compare."""

from types import TracebackType

from instruments.conformance.subject import Make, Subject
from instruments.roles import (
    AppliedSampling,
    Edge,
    EdgeSource,
    RoleName,
    Sampler,
    Samples,
    SamplingSettings,
    StreamItem,
    Supply,
)

OPEN_S = 20.0
ANSWER_S = 10.0
POLL_S = 0.1
# A DUT boots, and may pulse its timestamp pin, within this time after power-up.
BOOT_S = 2.0


def expect(holds: bool, otherwise: str) -> None:
    """Raise `AssertionError` with the message `otherwise` unless `holds`."""
    if not holds:
        raise AssertionError(otherwise)


def plays(make: Make, role: RoleName) -> bool:
    """Return whether the subject plays a role."""
    return role in make().roles


class Opened:
    """A subject with its instrument open; on exit the supply is switched off and the link closed."""

    def __init__(self, make: Make) -> None:
        self.subject: Subject = make()
        self.clock = self.subject.clock
        self.edges: list[Edge] = []

    def __enter__(self) -> "Opened":
        self.subject.instrument.open(self.clock.deadline(OPEN_S))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if "supply" in self.subject.roles:
                self.supply.off(self.clock.deadline(ANSWER_S))
        finally:
            self.subject.instrument.close()

    @property
    def supply(self) -> Supply:
        """Return the supply."""
        return self.subject.instrument.supply(self.subject.channel("supply"))

    @property
    def sampler(self) -> Sampler:
        """Return the sampler."""
        return self.subject.instrument.sampler(self.subject.channel("sampler"))

    @property
    def edge_source(self) -> EdgeSource:
        """Return the edge source."""
        return self.subject.instrument.edges(self.subject.channel("edges"))

    def configure(self, sampling: SamplingSettings | None = None) -> AppliedSampling:
        """Set up the supply, if the instrument is one, and the sampler, with other settings than the subject's."""
        if "supply" in self.subject.roles:
            self.supply.configure(self.subject.supply, self.clock.deadline(OPEN_S))
        return self.sampler.configure(sampling or self.subject.sampling, self.clock.deadline(OPEN_S))

    def start(self) -> AppliedSampling:
        """Feed the DUT, wait until it has booted, and begin an acquisition; return the applied settings."""
        applied = self.arm()
        if self.sampler.capabilities.starts_on_edge:
            self.subject.pulse()
        return applied

    def arm(self, sampling: SamplingSettings | None = None) -> AppliedSampling:
        """Do the same up to the edge that an acquisition may wait for."""
        applied = self.configure(sampling)
        if "supply" in self.subject.roles:
            self.supply.on(self.clock.deadline(ANSWER_S))
        else:
            self.subject.feed()
        self.clock.sleep(BOOT_S)
        if "edges" in self.subject.roles:
            self.edge_source.arm(self.clock.deadline(ANSWER_S))
        self.sampler.start(self.clock.deadline(ANSWER_S))
        return applied

    def acquire(self, duration_s: float) -> list[StreamItem]:
        """Sample for `duration_s` seconds; return the items of the stream, and collect edges in `edges`."""
        items: list[StreamItem] = []
        limit = self.clock.deadline(duration_s)
        while not limit.expired():
            self.clock.sleep(min(POLL_S, limit.remaining_s()))
            items += self.sampler.poll(self.clock.deadline(ANSWER_S))
            self.take_edges()
        return items

    def stop(self) -> list[StreamItem]:
        """End the acquisition; return the rest."""
        items = list(self.sampler.stop(self.clock.deadline(ANSWER_S)))
        self.take_edges()
        return items

    def take_edges(self) -> None:
        """Collect the edges captured since the last call, if their timebase is samples."""
        if "edges" in self.subject.roles:
            taken = self.edge_source.take(self.clock.deadline(ANSWER_S))
            self.edges += [edge for edge in taken if isinstance(edge, Edge)]


def blocks(items: list[StreamItem]) -> list[Samples]:
    """Return the blocks of samples among `items`."""
    return [item for item in items if isinstance(item, Samples)]

# SPDX-License-Identifier: Apache-2.0
"""One run as readers see it: its state and its samples, and the events by which both are kept up to date."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from energy_runner.director.live import SampleBlock
from energy_runner.session.events import MonitorConfigured, SamplesLost
from energy_runner.viewer.live.outbox import Outbox, Wire
from energy_runner.viewer.live.ring import Done, Ring, wire
from energy_runner.viewer.live.run_state import RunState
from energy_runner.viewer.live.words import Roles, words
from instruments.clock import Clock


def shown_signal(name: str, unit: str, period_s: float) -> tuple[str, str, float]:
    """Return a recorded signal as it is shown, with the factor: the energy of a sample (J) as power (W)."""
    return ("power", "W", 1 / period_s) if (name, unit) == ("energy", "J") else (words(name), words(unit), 1.0)


class RunView:
    """The view of the run `name`. All methods but `snapshot` are for the one thread that feeds it."""

    def __init__(self, name: str, title: str, outbox: Outbox, clock: Clock, roles: Roles | None = None) -> None:
        self.name = name
        self.title = words(title)
        self.session_key: str | None = None
        self.dropped = 0
        self.state = RunState(clock, roles)
        self.ring = Ring()
        self._outbox = outbox
        self._recorded: list[tuple[str, str]] = []  # signals, as the trace calls them
        self._factors: list[float] = []
        self._expected: int | None = None
        self._lost = 0  # samples that the sampler lost, and that no gap has accounted for yet
        self._rail: str | None = None
        self._over = False

    def snapshot(self) -> Wire:
        """Return all that is known now, with the number `n` of the last event that is in it."""
        with self._outbox.changed:
            head = {
                "id": self.name,
                "title": self.title,
                "session_key": self.session_key,
                **self.state.document(),
                "dropped": self.dropped,
                "n": self._outbox.number,
            }
            picture = self.ring.picture()
        return {**head, **picture.document()}

    def again(self, title: str, roles: Roles | None, clock: Clock) -> None:
        """Forget everything, for a run that begins anew under this name, and tell the readers so."""
        with self._outbox.changed:
            self.title, self.state, self.ring = words(title), RunState(clock, roles), Ring()
            self._over, self._rail, self._expected, self._lost, self.dropped = False, None, None, 0, 0
        self._outbox.put({"kind": "snapshot", "feed": self.snapshot()})

    def take(self, event: Any) -> None:
        """Take an event of the run, of whatever kind, and tell the readers what is new."""
        with self._outbox.changed:
            if isinstance(event, SampleBlock):
                self._block(event)
                return
            if isinstance(event, MonitorConfigured) and self._rail is None:
                self._rail = event.rail
            if isinstance(event, SamplesLost) and event.rail == (self._rail or ""):  # the rail that is shown
                self._lost += event.missing
            self.tell(*self.state.take(event))

    def tell(self, changes: Wire, lines: Sequence[Wire] = ()) -> None:
        """Tell the readers of fields that changed, and of new lines."""
        if changes:
            self._outbox.put({"kind": "state", "feed": self.name, **changes})
        if lines:
            self._outbox.put({"kind": "lines", "feed": self.name, "lines": list(lines)})

    def begin_samples(self, signals: Sequence[tuple[str, str]], period_s: float) -> None:
        """Begin an acquisition of signals with these names and units."""
        shown = [shown_signal(name, unit, period_s) for name, unit in signals]
        self._recorded = list(signals)
        self._factors = [factor for _, _, factor in shown]
        with self._outbox.changed:
            self.ring.begin([(name, unit) for name, unit, _ in shown], period_s)
        self.tell({"signals": [{"name": name, "unit": unit} for name, unit, _ in shown]})

    def cells(self, at: int, cells: npt.NDArray[np.float64]) -> None:
        """Take complete cells from number `at` on, of shape (cells, signals, 4), in recorded units."""
        scaled = cells.copy()
        scaled[..., :3] *= np.array(self._factors)[:, np.newaxis]
        with self._outbox.changed:
            self.ring.put(at, scaled)
            self._outbox.put({"kind": "blocks", "feed": self.name, **wire(self.ring, at, scaled.tolist())})

    def dropped_more(self, cells: int) -> None:
        """Count cells that were left out because the view could not keep up."""
        self.dropped += cells
        self.tell({"dropped": self.dropped})

    def end(self, session_key: str | None = None) -> None:
        """Tell the readers that nothing more comes of this run; a second time nothing happens."""
        if self._over:
            return
        self._over = True
        self._flush()
        self.session_key = session_key or self.session_key
        self._outbox.put(
            {
                "kind": "ended",
                "feed": self.name,
                "outcome": self.state.fields["outcome"],
                "session_key": self.session_key,
            }
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _block(self, block: SampleBlock) -> None:
        named = [(signal.name, signal.unit) for signal in block.signals]
        anew = self._expected is None or block.first < self._expected
        if anew or named != self._recorded or block.period_s != self.ring.period_s:
            self.begin_samples(named, block.period_s)
        else:
            self._gap(block.first - (self._expected or 0))
        self._expected = block.first + block.count
        parts = []
        for signal, factor in zip(block.signals, self._factors, strict=True):
            if signal.mean is None or signal.min is None or signal.max is None:
                parts.append((0.0, math.inf, -math.inf, 0.0))
            else:
                count = block.count - signal.missing
                parts.append((signal.mean * count * factor, signal.min * factor, signal.max * factor, count))
        self._told(self.ring.add(block.first, block.count, parts))

    def _gap(self, samples: int) -> None:
        """Count what did not come although it was not lost: a queue drops blocks while its reader is too slow."""
        if samples:
            dropped, self._lost = max(0, samples - self._lost), max(0, self._lost - samples)
            if dropped:
                self.dropped_more(-(-dropped // self.ring.cell))

    def _flush(self) -> None:
        with self._outbox.changed:
            self._told(self.ring.flush())

    def _told(self, done: Done | None) -> None:
        if done is not None:
            self._outbox.put({"kind": "blocks", "feed": self.name, **wire(self.ring, done[0], [done[1]])})

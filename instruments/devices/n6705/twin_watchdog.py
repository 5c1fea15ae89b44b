# SPDX-License-Identifier: Apache-2.0
"""The output watchdog of the twin, as the N6700C has it: see `dialect.py` for its source."""

from collections.abc import Callable

from instruments.clock import Scheduled, VirtualClock, to_ns
from instruments.scpi.twin_core import Call, Handler, ScpiError

DELAY_S = 60  # after *RST, and as shipped


class VirtualWatchdog:
    """Calls `expired` when it is on and there was no SCPI activity for its delay."""

    def __init__(self, clock: VirtualClock, there: Callable[[], bool], expired: Callable[[], None]) -> None:
        self._clock = clock
        self._there = there
        self._expired = expired
        self._timer: Scheduled | None = None
        self.reset()

    def handlers(self) -> dict[str, Handler]:
        """Return its commands; where it does not exist, they are unknown."""
        table: dict[str, Handler] = {
            "OUTPut:PROTection:WDOG[:STATe]": self._switch,
            "OUTPut:PROTection:WDOG[:STATe]?": lambda call: str(int(self._on)),
            "OUTPut:PROTection:WDOG:DELay": self._set_delay,
            "OUTPut:PROTection:WDOG:DELay?": lambda call: str(self._delay_s),
        }
        return {pattern: self._if_there(handler) for pattern, handler in table.items()}

    def reset(self) -> None:
        """Take the settings after *RST."""
        self._on, self._delay_s = False, DELAY_S
        self.activity()

    def activity(self) -> None:
        """Begin anew to wait: something came over a remote interface."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_after(to_ns(self._delay_s), self._expired) if self._on else None

    def _switch(self, call: Call) -> None:
        self._on = call.switch()
        self.activity()

    def _set_delay(self, call: Call) -> None:
        delay_s = call.number()
        if not 1 <= delay_s <= 3600:
            raise ScpiError(-222)
        self._delay_s = round(delay_s)
        self.activity()

    def _if_there(self, handler: Handler) -> Handler:
        def handle(call: Call) -> str | bytes | None:
            if not self._there():
                raise ScpiError(-113)
            return handler(call)

        return handle

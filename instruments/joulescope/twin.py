# SPDX-License-Identifier: Apache-2.0
"""The twin of a Joulescope: it stands in for pyjoulescope-driver's `Driver` object, in the world's virtual time.

It has the object's methods and messages, and keeps its traps: a device is opened with the settings another program
left, streams that it left on included; the messages of each stream end elsewhere; the first ones hold missing
samples; lost samples leave a jump of `sample_id`, or nothing; a device that is gone raises `TimeoutError`, and is
announced on `@/!remove`. A current range that is off shows no current; what it does to the DUT is left to the
bench's supply.
"""

from collections.abc import Callable

import numpy as np

from instruments.clock import to_ns
from instruments.joulescope.dialect import CURRENT, PUBLISH_HZ, REMOVED, SAMPLE_RATE, VOLTAGE, Model
from instruments.joulescope.instrument import TWIN_SERIAL
from instruments.joulescope.twin_streams import TwinStreams
from instruments.world.library import LibraryPort
from instruments.world.world import World

OnData = Callable[[str, object], None]
TURN_NS = to_ns(1 / PUBLISH_HZ)
FIRMWARE = 0x01020001  # 1.2.1
SETTLES = 40  # elements that are missing at the start of a stream
_RANGE_OFF = {"s/i/range/mode": "off", "s/i/range/select": 0}
# What another program may leave, if a fault says so: streams on, at another rate.
_STALE: dict[str, object] = {"s/i/ctrl": 1, "s/p/ctrl": 1, SAMPLE_RATE: 1000}


class VirtualJoulescope:
    """One instrument of the kind `model`; `port` is its end of the USB cable."""

    def __init__(self, world: World, model: Model, topics: tuple[str, ...], name: str = "monitor") -> None:
        self.world = world
        self.serial = f"{TWIN_SERIAL}{world.seed}"
        self.path = f"u/{model.name}/{self.serial}"
        self.port = LibraryPort(world, name, self.serial, self._driver)
        self.others: list[str] = []  # device paths of other instruments on the same computer
        self._model = model
        self._streams = TwinStreams(world, model)
        self._streams.open_range = self._is_off
        self._values: dict[str, object] = dict.fromkeys(topics, 0)
        self._values |= {
            one[0]: one[1] for one in (*model.set_up, *([model.mean_filter] if model.mean_filter else []))
        }
        self._values |= {f"{stream}/ctrl": 0 for stream in model.streams}
        self._values |= {SAMPLE_RATE: model.stream_hz[0], "h/fp": PUBLISH_HZ}
        if model.firmware:
            self._values[model.firmware] = FIRMWARE
        self._left = False
        self._settling: set[str] = set()
        self._live: TwinDriver | None = None

    def _driver(self) -> "TwinDriver":
        """Return the object that the library would make; that of a program that was killed hears nothing more."""
        if not self._left:
            self._values |= _STALE if self.world.faults.stale_stream else {}
            self._values |= {
                topic: value for topic, value in self.world.faults.left_over.items() if topic in self._values
            }
            self._left = True
        self._live = TwinDriver(self)
        return self._live

    def _is_off(self) -> bool:
        return any(
            self._values.get(topic, None) == value for topic, value in _RANGE_OFF.items() if topic in self._values
        )

    def get(self, topic: str) -> object:
        """Return the value of a topic; raise `RuntimeError` for one that there is not."""
        if topic not in self._values:
            raise RuntimeError(f"query {self.path}/{topic} failed: 16 NOT_FOUND")
        return self._values[topic]

    def set(self, topic: str, value: object) -> None:
        """Set a topic; raise `RuntimeError` for one that there is not, or that is to be refused."""
        if topic not in self._values or topic == self._model.firmware:
            raise RuntimeError(f"publish {self.path}/{topic} failed: 16 NOT_FOUND")
        if self.world.faults.refuses(topic) or (topic == SAMPLE_RATE and value not in self._model.stream_hz):
            raise RuntimeError(f"publish {self.path}/{topic} failed: 5 PARAMETER_INVALID")
        self._values[topic] = value
        if topic.endswith("/ctrl"):
            self._switch(topic.removesuffix("/ctrl"), bool(value))

    def _switch(self, stream: str, on: bool) -> None:
        if on and stream not in (CURRENT, VOLTAGE) and not stream.startswith("s/gpi"):
            return  # nobody listens to the others
        started = self._streams.any
        self._turn()
        rate = self._values[SAMPLE_RATE]
        self._streams.switch(stream, on, rate if isinstance(rate, int) else 1000)
        if on:
            self._settling.add(stream)
        if on and not started:
            self.world.clock.call_after(TURN_NS, self._tick)

    def _tick(self) -> None:
        self._turn()
        if self._streams.any and self.port.is_open:
            self.world.clock.call_after(TURN_NS, self._tick)

    def _turn(self) -> None:
        """Hand over what is due; a device that is gone is announced once."""
        if not self._streams.any:
            return
        if self.port.is_open and self.port.lost:
            self._hand_over(REMOVED, self.path)
        for topic, message in self._streams.produce(reaches=self.port.is_reached):
            stream = topic.removesuffix("/!data")
            data = message["data"]
            if stream in self._settling and isinstance(data, np.ndarray) and data.dtype == np.float32:
                data[:SETTLES] = np.nan
            self._settling.discard(stream)
            self._hand_over(f"{self.path}/{topic}", message)

    def _hand_over(self, topic: str, value: object) -> None:
        if self._live is not None:
            self._live.hand_over(topic, value)


class TwinDriver:
    """Stands in for the library's `Driver` object; see its docstrings in pyjoulescope-driver 2.5.4."""

    def __init__(self, twin: VirtualJoulescope) -> None:
        self._twin = twin
        self._subscribed: dict[str, list[OnData]] = {}
        self._open = False

    def device_paths(
        self, specs: object = None, brand: str | None = None, timeout: float | None = None
    ) -> list[str]:
        """Return the devices that are connected."""
        there = [] if self._twin.port.unplugged else [self._twin.path]
        return sorted([*there, *self._twin.others])

    def open(self, device_prefix: str, mode: str | None = None, timeout: float | None = None) -> None:
        """Open the device."""
        if device_prefix != self._twin.path:
            raise TimeoutError(f"jsdrv_open timed out | {device_prefix}")
        self._open = True

    def close(self, device_prefix: str, timeout: float | None = None) -> None:
        """Close the device; its settings stay."""
        self._open = False

    def finalize(self, timeout: float | None = None) -> None:
        """End the library's threads."""
        self._open = False
        self._subscribed.clear()

    def publish(self, topic: str, value: object, timeout: float | None = None) -> None:
        """Set a topic of the device."""
        self._twin.set(self._own(topic, "publish"), value)

    def query(self, topic: str, timeout: float | None = None) -> object:
        """Return the value of a topic of the device."""
        return self._twin.get(self._own(topic, "query"))

    def subscribe(self, topic: str, flags: str, fn: OnData, timeout: float | None = None) -> None:
        """Call `fn` with every value of a topic."""
        self._subscribed.setdefault(topic, []).append(fn)

    def unsubscribe(self, topic: str, fn: OnData, timeout: float | None = None) -> None:
        """End one subscription."""
        self._subscribed[topic].remove(fn)

    def hand_over(self, topic: str, value: object) -> None:
        """Call the subscribers of a topic, as the library's thread does."""
        for fn in list(self._subscribed.get(topic, ())):
            fn(topic, value)

    def _own(self, topic: str, what: str) -> str:
        prefix = f"{self._twin.path}/"
        if not self._open or not topic.startswith(prefix):
            raise TimeoutError(f"jsdrv_{what} timed out | {topic}")
        return topic.removeprefix(prefix)

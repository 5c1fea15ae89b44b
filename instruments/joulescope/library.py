# SPDX-License-Identifier: Apache-2.0
"""Find and open one Joulescope through pyjoulescope-driver, and publish and query its topics.

The library raises `TimeoutError` where a device does not answer or is not there, `RuntimeError` or `ValueError`
where it refuses a topic or a value. Each instrument has a driver object of its own, so several can be open.
"""

from collections.abc import Callable
from typing import Any

from instruments.clock import Deadline
from instruments.errors import Refused, TimedOut, Unavailable
from instruments.joulescope.dialect import Model, device_of
from instruments.links.vendor import VendorLink

OnData = Callable[[str, object], None]
_ERRORS = {TimeoutError: TimedOut, RuntimeError: Refused, ValueError: Refused}
_LEAST_S = 0.05


class Library:
    """One device of the library; `path` is its name there (`u/js220/002122`), empty while none is open."""

    def __init__(self, link: VendorLink, model: Model) -> None:
        self._link = link
        self._model = model
        self._subscribed: list[tuple[str, OnData]] = []
        self.path = ""

    def open(self, deadline: Deadline) -> None:
        """Open the one device that the address means, without changing its settings.

        Raises `Unavailable` if there is none or more than one, and says which there are.
        """
        self.close()
        self._link.open(_make_driver, _finalize, _ERRORS)
        paths = [str(path) for path in self._call("device_paths", timeout=_timeout_s(deadline))]
        path = self._one_of(paths)
        # "restore" pushes nothing: with "defaults" the current range, and so the DUT's supply, would be switched.
        self._call("open", path, mode="restore", timeout=_timeout_s(deadline))
        self.path = path

    def close(self) -> None:
        """Close the device and the library; safe to call twice, and on a device that is gone."""
        self.path = ""
        self._subscribed.clear()
        self._link.close()

    def publish(self, topic: str, value: object, deadline: Deadline) -> None:
        """Set a topic of the device; raise `Refused` with the topic and the value if the library refuses it."""
        try:
            self._call("publish", f"{self.path}/{topic}", value, timeout=_timeout_s(deadline))
        except Refused as error:
            raise Refused(f"set {topic} = {value} of {self._link.name}", error.came, _NEWER) from error

    def query(self, topic: str, deadline: Deadline) -> Any:
        """Return the value of a topic of the device."""
        return self._call("query", f"{self.path}/{topic}", timeout=_timeout_s(deadline))

    def subscribe(self, topic: str, on_data: OnData, deadline: Deadline) -> None:
        """Have `on_data` called with topic and value, on the library's thread, until `unsubscribe_all()`."""
        full = topic if topic.startswith("@") else f"{self.path}/{topic}"
        self._call("subscribe", full, "pub", on_data, timeout=_timeout_s(deadline))
        self._subscribed.append((full, on_data))

    def unsubscribe_all(self, deadline: Deadline) -> None:
        """End all subscriptions."""
        while self._subscribed:
            topic, on_data = self._subscribed.pop()
            self._call("unsubscribe", topic, on_data, timeout=_timeout_s(deadline))

    def _call(self, method: str, *arguments: object, **options: object) -> Any:
        return self._link.call(getattr(self._link.device, method), *arguments, **options)

    def _one_of(self, paths: list[str]) -> str:
        found = device_of(paths, self._model.name, self._link.address)
        if len(found) == 1:
            return found[0]
        there = ", ".join(paths) or "none"
        what = "several are" if found else "it is not"
        raise Unavailable(
            f"find the {self._model.title} {self._link.address}",
            f"{what} among the devices that the library sees: {there}",
            "vendor: with the serial number of one of them; its udev rule; to end programs that hold it",
        )


_NEWER = "a newer pyjoulescope-driver, or newer firmware of the instrument"


def _timeout_s(deadline: Deadline) -> float:
    """Return how long the library may wait: never 0, with which it does not wait, and so hides any refusal."""
    return max(_LEAST_S, deadline.remaining_s())


def _make_driver(address: str) -> Any:
    del address  # the driver object finds every device
    from pyjoulescope_driver import Driver

    return Driver()


def _finalize(driver: Any) -> None:
    driver.finalize()

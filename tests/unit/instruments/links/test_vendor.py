# SPDX-License-Identifier: Apache-2.0
"""Links through a vendor's library: calls are recorded, failures become ours, and a stand-in is as good."""

import numpy as np
import pytest

from instruments.errors import InstrumentError, Refused, TimedOut, Unavailable
from instruments.links.vendor import VendorLink


class LibraryError(Exception):
    pass


class Device:
    """What a vendor's library might hand out."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.closed = 0

    def query(self, topic: str, timeout_s: float = 1.0) -> object:
        answers = {"fs": 1_000_000, "data": np.zeros(3, np.float32), "raw": b"\x01\xff", "me": self, "µ": "µA"}
        if topic == "gone":
            raise LibraryError("device removed\nport 3")
        if topic == "late":
            raise TimeoutError("jsdrv_publish timed out")
        if topic == "usb":
            raise OSError("no such device")
        if topic == "odd":
            raise ValueError("bad topic")
        if topic == "ours":
            raise Refused("set the range", "not while streaming")
        return answers[topic]

    def login(self, user: str, password: str) -> bool:
        return True

    def finalize(self) -> None:
        self.closed += 1


Heard = list[tuple[str, bytes]]


@pytest.fixture
def heard() -> Heard:
    return []


@pytest.fixture
def link(heard: Heard) -> VendorLink:
    link = VendorLink("js", "002122", listener=lambda direction, data: heard.append((direction, data)))
    link.open(Device, Device.finalize, {LibraryError: Refused})
    return link


def test_a_call_is_recorded_with_its_result(link: VendorLink, heard: Heard) -> None:
    assert link.call(link.device.query, "fs", timeout_s=0.5) == 1_000_000
    assert heard == [("tx", b'query("fs", timeout_s=0.5)\n'), ("rx", b"1000000\n")]


@pytest.mark.parametrize(
    ("topic", "recorded"),
    [("data", b'"<float32 (3,)>"\n'), ("raw", b'"01ff"\n'), ("me", b'"<Device>"\n'), ("µ", b'"\\u00b5A"\n')],
)
def test_results_are_recorded_the_same_in_every_run(
    link: VendorLink, heard: Heard, topic: str, recorded: bytes
) -> None:
    link.call(link.device.query, topic)
    assert heard[1] == ("rx", recorded)


def test_a_long_result_is_cut_and_says_how_long_it_was(link: VendorLink, heard: Heard) -> None:
    link.call(list, range(10_000))
    assert len(heard[1][1]) < 2100
    assert heard[1][1].endswith(b"(58890 characters)\n")


def test_what_json_cannot_tell_is_named_by_its_type(link: VendorLink, heard: Heard) -> None:
    link.call(dict, [((1, 2), 3)])
    assert heard[1] == ("rx", b"<dict>\n")


@pytest.mark.parametrize(
    ("topic", "error", "says"),
    [
        ("gone", Refused, "LibraryError: device removed port 3"),
        ("late", TimedOut, "jsdrv_publish timed out"),
        ("usb", Unavailable, "no such device"),
        ("odd", Unavailable, "ValueError: bad topic"),
    ],
)
def test_failures_of_the_library_are_ours(
    link: VendorLink, heard: Heard, topic: str, error: type[InstrumentError], says: str
) -> None:
    with pytest.raises(error) as caught:
        link.call(link.device.query, topic)
    assert type(caught.value) is error
    assert says in caught.value.came
    assert caught.value.asked == "call query of js"
    assert "002122" in caught.value.try_this
    assert heard[1][1].startswith(b"raised ")


def test_our_own_errors_pass_unchanged(link: VendorLink) -> None:
    with pytest.raises(Refused, match="not while streaming"):
        link.call(link.device.query, "ours")


def test_a_secret_is_not_recorded(link: VendorLink, heard: Heard) -> None:
    assert link.call_in_secret(link.device.login, "me", "hunter2")
    assert heard == [("tx", b"login(not recorded)\n")]


def test_a_stand_in_replaces_the_library() -> None:
    made: list[str] = []

    def stand_in(address: str) -> Device:
        made.append(address)
        return Device(address)

    link = VendorLink("js", "002122", stand_in=stand_in)
    link.open(lambda address: pytest.fail("the library was asked"), Device.finalize)
    device = link.device
    assert made == ["002122"]
    link.close()
    assert device.closed == 1


def test_a_library_that_is_not_installed_says_what_to_install() -> None:
    def make(address: str) -> object:
        raise ModuleNotFoundError("No module named 'pyjoulescope_driver'")

    link = VendorLink("js", "002122")
    with pytest.raises(Unavailable, match=r"pyjoulescope_driver.*install the vendor's library"):
        link.open(make)
    with pytest.raises(Unavailable, match="not open"):
        _ = link.device


def test_closing_twice_closes_once(link: VendorLink) -> None:
    device = link.device
    link.close()
    link.close()
    assert device.closed == 1
    with pytest.raises(Unavailable, match="not open"):
        link.call(lambda: link.device.query("fs"))


def test_an_object_that_cannot_be_closed_is_given_up(link: VendorLink) -> None:
    def close(device: Device) -> None:
        raise LibraryError("still streaming")

    link.open(Device, close)
    with pytest.raises(Unavailable, match="still streaming"):
        link.close()
    link.close()


def test_opening_again_closes_the_first_object(link: VendorLink) -> None:
    first = link.device
    link.open(Device, Device.finalize)
    assert first.closed == 1
    assert link.device is not first

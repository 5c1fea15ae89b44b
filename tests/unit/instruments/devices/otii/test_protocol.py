# SPDX-License-Identifier: Apache-2.0
"""What the Otii server's answers mean: devices, licences, data, errors; any data are values or a violation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.otii import protocol
from instruments.devices.otii.protocol import Device
from instruments.errors import InstrumentError, ProtocolViolation, Refused, TimedOut, Unavailable
from instruments.json_lines.messages import Message

ARC = Device("Arc", "Arc512031204843494E3130393033313036", "green")
SECOND = Device("Arc", "Arc512031204843494E3130393033313099", "blue")
ACE = Device("Ace", "AceA1B2C3", "ace")
SIMULATED = Device("Simulator", "Simulator1", "sim")
ALL = [ARC, SECOND, ACE, SIMULATED]


@pytest.mark.parametrize("wanted", [ARC.id, "green", ARC.serial, "3036", "130393033313036"])
def test_a_device_is_found_by_id_name_serial_or_its_end(wanted: str) -> None:
    found = [one for one in ALL if not one.serial.endswith("3099") or wanted != "3036"]
    with_one = [
        Device("Arc", one.id[:-4] + "3036", one.name) if one is ARC and wanted == "3036" else one for one in found
    ]
    assert protocol.chosen(with_one, "Arc", wanted).name == "green"


def test_the_only_one_of_its_kind_needs_no_name() -> None:
    assert protocol.chosen([ARC, ACE, SIMULATED], "Arc", "") is ARC
    assert protocol.chosen([ARC, ACE, SIMULATED], "Ace", "") is ACE


def test_the_simulated_device_must_be_named() -> None:
    assert protocol.chosen([SIMULATED], "Arc", "sim") is SIMULATED
    with pytest.raises(Refused):
        protocol.chosen([SIMULATED], "Arc", "")


@pytest.mark.parametrize(
    ("kind", "wanted"), [("Arc", ""), ("Arc", "red"), ("Ace", "green"), ("Arc", "99"), ("Arc", "0393")]
)
def test_what_is_not_one_device_is_refused_with_a_list(kind: str, wanted: str) -> None:
    with pytest.raises(Refused) as caught:
        protocol.chosen(ALL, kind, wanted)
    assert ARC.id in str(caught.value)
    assert "options.device" in str(caught.value)


def licence(number: int, kind: str, reserved_to: str = "", *, available: bool = True) -> dict[str, object]:
    return {"id": number, "type": kind, "available": available, "reserved_to": reserved_to}


def test_a_free_licence_that_may_automate_is_found() -> None:
    found = [
        licence(1, "Battery"),
        licence(2, "Pro", "joe"),
        licence(3, "All", available=False),
        licence(4, "All"),
    ]
    assert protocol.free_licence({"licenses": found}) == 4
    with pytest.raises(Refused, match="'joe'"):
        protocol.free_licence({"licenses": found[:3]})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("Command timeout", TimedOut),
        ("Device not connected", Unavailable),
        ("Not ready", Unavailable),
        ("Connection denied", Unavailable),
        ("No license", Refused),
        ("Could not login", Refused),
        ("Invalid key value", Refused),
        ("Command failure", Refused),
        ("Not able to parse request", ProtocolViolation),
        ("something new", Refused),
        ("", Refused),
    ],
)
def test_each_error_code_is_an_error_of_ours_that_names_it(code: str, kind: type[InstrumentError]) -> None:
    message = Message("error", "er-1", {"message": "it is broken", "more": {"a": 1}}, code)
    error = protocol.refusal("ask", message)
    assert type(error) is kind
    assert code in error.came
    assert "it is broken" in error.came


def test_which_refusals_say_that_there_is_no_such_command() -> None:
    def said(code: str) -> InstrumentError:
        return protocol.refusal("ask", Message("error", code=code))

    assert protocol.has_no_such_command(said("Operation not supported"))
    assert protocol.has_no_such_command(said("Command not valid for device type"))
    assert not protocol.has_no_such_command(said("Command failure"))


def test_readings_and_changes() -> None:
    block = protocol.analog({"data_type": "analog", "timestamp": 1.5, "interval": 0.25, "values": [1, 2.5, None]})
    assert (block.start_s, block.interval_s) == (1.5, 0.25)
    assert np.array_equal(block.values, [1.0, 2.5, np.nan], equal_nan=True)
    values = [{"timestamp": 0, "value": True}, {"timestamp": 0.5, "value": False}]
    assert protocol.digital({"data_type": "digital", "values": values}) == [(0.0, True), (0.5, False)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("data_type", "timestamp", "interval", "values", "devices", "licenses")


@given(st.dictionaries(st.sampled_from(KEYS), json_values | st.sampled_from(["analog", "digital"])))
@pytest.mark.parametrize("read", ["analog", "digital", "devices", "free_licence"])
def test_any_data_are_values_or_a_violation(read: str, data: dict[str, object]) -> None:
    try:
        getattr(protocol, read)(data)
    except ProtocolViolation:
        pass
    except Refused:
        assert read == "free_licence"


@pytest.mark.parametrize(("hz", "ratio"), [((4000, 1000), 4), ((10e3, 10e3), 1), ((50e3, 1000), 50)])
def test_so_many_readings_of_the_current_come_for_each_of_the_voltage(hz: tuple[float, float], ratio: int) -> None:
    assert protocol.readings_each(*hz, 40_000) == ratio


@pytest.mark.parametrize("hz", [(1000, 4000), (4000, 1500), (4000, 0), (0, 0), (50_000, 1)])
def test_rates_that_fit_no_period_are_refused(hz: tuple[float, float]) -> None:
    with pytest.raises(Refused, match="one period"):
        protocol.readings_each(*hz, 40_000)

# SPDX-License-Identifier: Apache-2.0
"""Who may open what on Linux: rules, USB instruments and serial ports, on a system made of files."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from instruments.links.address import AddressError
from instruments.links.permission import (
    RULES_FILE,
    closed_instruments,
    missing_permission,
    udev_rules,
    usb_instruments,
)

RULES = RULES_FILE.read_text("utf-8")
N6705 = "USB::0x0957::0x0f07::MY1::INSTR"


def plug(root: Path, name: str, number: int, usb: str, *, product: str, serial: str, interface: str) -> None:
    """Add a USB device to the system under `root`."""
    folder = root / "sys/bus/usb/devices" / name
    folder.mkdir(parents=True)
    vendor, _, model = usb.partition(":")
    values = {"idVendor": vendor, "idProduct": model, "product": product, "serial": serial, "busnum": "1"}
    for key, value in (values | {"devnum": str(number)}).items():
        (folder / key).write_text(f"{value}\n")
    inside = folder / f"{name}:1.0"
    inside.mkdir()
    (inside / "bInterfaceClass").write_text(f"{interface[:2]}\n")
    (inside / "bInterfaceSubClass").write_text(f"{interface[2:]}\n")
    node = root / f"dev/bus/usb/001/{number:03d}"
    node.parent.mkdir(parents=True, exist_ok=True)
    node.touch()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    plug(tmp_path, "1-1", 4, "0957:0f07", product="N6705C", serial="MY1", interface="fe03")
    plug(tmp_path, "1-2", 5, "16d0:10ba", product="JS220", serial="002122", interface="ff00")
    plug(tmp_path, "1-3", 17, "046d:c31c", product="Keyboard", serial="", interface="0301")
    (tmp_path / "sys/bus/usb/devices/1-1:1.0").mkdir()  # interfaces stand beside the devices too
    return tmp_path


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Take the permission to open a file from the user; also from root, as which tests may run."""
    closed: set[Path] = set()
    real = os.access

    def access(path: os.PathLike[str] | str, mode: int) -> bool:
        return Path(path) not in closed and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(sys, "platform", "linux")
    return closed.add


# --- the rules ----------------------------------------------------------------------------------------------


def test_the_rules_come_with_the_package_and_before_those_that_read_the_tags() -> None:
    assert RULES_FILE.is_file()
    assert "70-uaccess.rules" < RULES_FILE.name < "73-seat-late.rules"


@pytest.mark.parametrize(
    "usb", ["0483:5740", "1915:c00a", "16d0:0e88", "16d0:10ba", "16d0:135a", "2341:0043", "2341:0001", "2a03:0043"]
)
def test_the_rules_name_every_instrument_that_needs_one(usb: str) -> None:
    vendor, _, product = usb.partition(":")
    ids = rf'\{{idVendor\}}=="{vendor}", ATTRS?\{{idProduct\}}=="[^"]*\b{product}\b[^"]*"'
    assert re.search(rf'^SUBSYSTEM==.*{ids}.*TAG\+="uaccess"', RULES, re.MULTILINE)


def test_every_line_of_the_rules_is_one_rule() -> None:
    match = r'[A-Z]+(\{\w+\})?(==|!=|=|\+=)"[^"]*"'
    for line in RULES.splitlines():
        assert not line or line.startswith("#") or re.fullmatch(rf"{match}(, {match})*", line), line


def test_rules_are_missing_then_in_place_then_outdated(tmp_path: Path) -> None:
    assert (udev_rules(tmp_path).installed, udev_rules(tmp_path).current) == (None, False)
    assert udev_rules(tmp_path).command.startswith(f"sudo cp '{RULES_FILE}' /etc/udev/rules.d/ && sudo udevadm")
    place = tmp_path / "etc/udev/rules.d" / RULES_FILE.name
    place.parent.mkdir(parents=True)
    place.write_bytes(RULES_FILE.read_bytes())
    assert (udev_rules(tmp_path).installed, udev_rules(tmp_path).current) == (place, True)
    place.write_text("# older\n")
    assert (udev_rules(tmp_path).installed, udev_rules(tmp_path).current) == (place, False)


# --- USB ----------------------------------------------------------------------------------------------------


def test_instruments_are_told_from_other_usb_devices(root: Path) -> None:
    assert [(one.usb, one.title, one.serial, one.node) for one in usb_instruments(root)] == [
        ("0957:0f07", "N6705C", "MY1", root / "dev/bus/usb/001/004"),
        ("16d0:10ba", "Joulescope JS220", "002122", root / "dev/bus/usb/001/005"),
    ]


def test_a_system_without_usb_has_none(tmp_path: Path) -> None:
    assert usb_instruments(tmp_path) == []


def test_instruments_that_may_not_be_opened(root: Path, close: Callable[[Path], None]) -> None:
    assert closed_instruments(root) == []
    close(root / "dev/bus/usb/001/005")
    assert [one.title for one in closed_instruments(root)] == ["Joulescope JS220"]


def test_a_missing_permission_names_instrument_and_remedy(root: Path, close: Callable[[Path], None]) -> None:
    assert missing_permission(N6705, root) == ""
    close(root / "dev/bus/usb/001/004")
    text = missing_permission(N6705, root)
    assert "you may not open N6705C" in text
    assert "rules are not installed" in text
    assert f"sudo cp '{RULES_FILE}'" in text
    assert missing_permission("USB::0x0957::0x0f07::my1::INSTR", root) == text
    assert missing_permission("USB::0x0957::0x0f07::MY2::INSTR", root) == ""  # another one, not plugged in


def test_with_the_rules_in_place_it_is_to_be_plugged_in_again(root: Path, close: Callable[[Path], None]) -> None:
    close(root / "dev/bus/usb/001/004")
    place = root / "etc/udev/rules.d" / RULES_FILE.name
    place.parent.mkdir(parents=True)
    place.write_bytes(RULES_FILE.read_bytes())
    assert "Try: unplug it and plug it in again" in missing_permission(N6705, root)
    place.write_text("# older\n")
    assert "installed in another version. Try: sudo cp" in missing_permission(N6705, root)


# --- serial ports -------------------------------------------------------------------------------------------


@pytest.fixture
def members() -> list[str]:
    return []


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: list[str]) -> Path:
    """A port of the group `dialout`."""
    grp, pwd = pytest.importorskip("grp"), pytest.importorskip("pwd")
    port = tmp_path / "ttyACM0"
    port.touch()
    port.chmod(0o660)
    group = SimpleNamespace(gr_name="dialout", gr_gid=20, gr_mem=members)
    monkeypatch.setattr(grp, "getgrgid", lambda number: group)
    monkeypatch.setattr(pwd, "getpwuid", lambda number: SimpleNamespace(pw_name="ada"))
    return port


def test_a_port_that_may_be_opened(port: Path, close: Callable[[Path], None]) -> None:
    assert missing_permission(str(port)) == ""
    assert missing_permission("/dev/no-such-port") == ""


@pytest.mark.parametrize("form", ["{port}", "ASRL{port}::INSTR"])
def test_a_port_of_a_group_names_the_command(port: Path, close: Callable[[Path], None], form: str) -> None:
    close(port)
    text = missing_permission(form.format(port=port))
    assert f"you may not open {port}: only the group 'dialout' may" in text
    assert "sudo usermod -aG dialout ada" in text


def test_a_new_member_has_to_log_in_again(port: Path, close: Callable[[Path], None], members: list[str]) -> None:
    close(port)
    members.append("ada")
    assert "log out and in again" in missing_permission(str(port))


def test_a_port_that_no_group_may_open_needs_the_rules(port: Path, close: Callable[[Path], None]) -> None:
    close(port)
    port.chmod(0o600)
    assert str(RULES_FILE) in missing_permission(str(port))


@pytest.mark.parametrize("address", ["tcp://psu:5025", "TCPIP::psu::INSTR", "vendor:002122", "socket://psu:5025"])
def test_other_addresses_need_no_permission(close: Callable[[Path], None], address: str) -> None:
    assert missing_permission(address) == ""


def test_other_systems_ask_for_none(
    root: Path, close: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    close(root / "dev/bus/usb/001/004")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert missing_permission(N6705, root) == ""


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(AddressError):
        missing_permission("USB::INSTR")

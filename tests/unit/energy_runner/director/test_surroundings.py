# SPDX-License-Identifier: Apache-2.0
"""What may keep an instrument from answering, such as two devices of one USB id; and what was said last."""

from pathlib import Path

import pytest

from energy_runner.bench import BenchSpec, build_bench
from energy_runner.director import surroundings
from energy_runner.director.surroundings import alike, disturbed, is_running
from energy_runner.director.talk import KEPT_BYTES, Talk
from instruments.links.permission import RULES_FILE
from instruments.links.serial_link import SerialPortInfo

DESK = {
    "name": "desk",
    "monitor": {"driver": "lpm01a", "port": "/dev/ttyACM0", "voltage_v": 3.0, "baud": 921600},
    "io_manager": {"port": "/dev/ttyACM1"},
}


def port(name: str, usb: str, serial: str) -> SerialPortInfo:
    return SerialPortInfo(f"/dev/{name}", usb, "", serial)


def test_two_devices_of_one_id_are_named_with_their_numbers():
    found = alike([port("a", "0483:5740", "A1"), port("c", "2341:0043", "Z"), port("b", "0483:5740", "B2")])
    assert len(found) == 1
    assert "2 devices have the USB id 0483:5740: /dev/a (serial-number:A1), /dev/b (serial-number:B2)" in found[0]


def test_one_device_with_two_ports_is_one():
    assert alike([port("a", "1915:c00a", "A1"), port("b", "1915:c00a", "A1")]) == []
    assert alike([port("c", "", ""), port("d", "", "")]) == []


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number, name in (("12", "systemd"), ("345", "ModemManager")):
        (tmp_path / "proc" / number).mkdir(parents=True)
        (tmp_path / "proc" / number / "comm").write_text(f"{name}\n", "utf-8")
    (tmp_path / "proc" / "self").mkdir()
    return tmp_path


def test_a_modem_manager_is_found_unless_the_rules_keep_it_away(root, monkeypatch):
    monkeypatch.setattr(surroundings, "list_serial_ports", list)
    bench = build_bench(BenchSpec.model_validate(DESK))
    assert is_running("ModemManager", root)
    assert not is_running("ModemManagerX", root)
    (said,) = disturbed(bench, ["monitor"], root)
    assert "ModemManager runs" in said
    assert "sudo cp" in said
    assert disturbed(bench, [], root) == []
    rules = root / "etc" / "udev" / "rules.d"
    rules.mkdir(parents=True)
    (rules / RULES_FILE.name).write_bytes(RULES_FILE.read_bytes())
    assert disturbed(bench, ["monitor"], root) == []


def test_what_was_said_last_is_told_with_the_speed():
    bench = build_bench(BenchSpec.model_validate(DESK))
    talk = Talk(bench)
    assert talk.last("monitor") == ""
    talk.bytes_passed("monitor", "tx", b"stop\n")
    talk.bytes_passed("monitor", "rx", b"x")
    talk.bytes_passed("monitor", "tx", b"htc\n")
    assert talk.last("monitor") == " [sent last at 921600 baud: 'htc\\n'; came: nothing]"
    talk.bytes_passed("monitor", "rx", b"\xff\x00" * KEPT_BYTES)
    talk.bytes_passed("monitor", "rx", b"more")
    assert talk.last("monitor").startswith(" [sent last at 921600 baud: 'htc\\n'; came: 'ÿ\\x00ÿ")
    assert len(talk.last("monitor")) < 400
    talk.bytes_passed("io-manager", "rx", b"boot")
    assert talk.last("io-manager") == " [nothing was sent at 115200 baud; came: 'boot']"

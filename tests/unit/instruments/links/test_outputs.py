# SPDX-License-Identifier: Apache-2.0
"""DTR, RTS and other speeds from the bench file to the serial port."""

from pathlib import Path

import pytest

from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import ConfigurationError
from instruments.clock import VirtualClock
from instruments.links.address import AddressError
from instruments.links.make import LinkKind, LinkOptions, make_link
from instruments.links.serial_link import SerialLink, SerialOptions
from tests.support.lpm01a_bench import bench

CLOCK = VirtualClock()
SHORT = """name = "desk"
[monitor]
driver = "lpm01a"
port = "/dev/ttyACM0"
voltage_v = 3.0
{monitor}
[io_manager]
port = "/dev/ttyACM1"
dtr = true
[dut]
port = "/dev/ttyACM2"
dtr = false
rts = false
"""


def opened_with(instrument) -> SerialOptions:
    """Return the options of the serial port below a driver's link."""
    link = instrument._link
    while not isinstance(link, SerialLink):
        link = link.inner
    return link.options


@pytest.mark.parametrize(
    ("monitor", "other_bauds"), [("", (921_600, 115_200)), ("baud = 3686400", ()), ("baud = 115200", ())]
)
def test_the_keys_reach_the_ports(monitor: str, other_bauds: tuple[int, ...], tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(SHORT.format(monitor=monitor), "utf-8")
    spec = load_bench_spec(str(file))
    energy = build_bench(spec, "energy").instruments
    assert opened_with(energy["monitor"]) == SerialOptions(other_bauds)
    assert opened_with(energy["io-manager"]) == SerialOptions(dtr=True)
    assert opened_with(build_bench(spec, "accuracy").instruments["dut"]) == SerialOptions(dtr=False, rts=False)


@pytest.mark.parametrize("value", ['"leave"', "0", "1", '"off"'])
def test_a_level_is_true_or_false(value: str, tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(SHORT.format(monitor=f"dtr = {value}"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"line 6: monitor\.dtr = .*true or false"):
        load_bench_spec(str(file))


@pytest.mark.parametrize(
    ("kind", "address", "backend"),
    [
        ("stream", "tcp://10.0.0.7:4000", ""),
        ("scpi", "TCPIP0::10.0.0.7::5025::SOCKET", ""),
        ("scpi", "USB0::0x0957::0x0f07::MY1::INSTR", ""),
        ("scpi", "ASRL/dev/ttyUSB0::INSTR", "@ivi"),
        ("vendor", "vendor:002122", ""),
    ],
)
@pytest.mark.parametrize("options", [{"dtr": False}, {"rts": True}, {"dtr": True, "rts": False}])
def test_they_are_refused_for_what_is_no_serial_port(kind: LinkKind, address, backend, options) -> None:
    with pytest.raises(AddressError) as caught:
        make_link(kind, address, "psu", CLOCK, LinkOptions(backend=backend, **options))
    assert " and ".join(options) in caught.value.asked
    assert "serial port" in caught.value.try_this


def test_dtr_released_keeps_a_board_from_restarting() -> None:
    for dtr, restarts in ((None, True), (True, True), (False, False)):
        spec = BenchSpec.model_validate({"name": "x", "dut": {"port": "virtual", "dtr": dtr}})
        built = build_bench(spec, "accuracy")
        built.twin.world.faults.dut_restarts_on_open = True
        built.clock.sleep(1.0)
        built.instruments["dut"].open(built.clock.deadline(1.0))
        built.dut.identify(built.clock.deadline(20.0))
        assert built.dut.first_contact.booted is restarts


def test_another_speed_than_asked_is_in_the_record_of_the_instrument() -> None:
    shield = bench()
    shield.monitor.instrument._link.fell_back = "115200 baud, because the port's driver refuses 3686400"
    assert dict(shield.open().detail)["port_speed"].startswith("115200 baud")
    assert "port_speed" not in dict(bench().open().detail)

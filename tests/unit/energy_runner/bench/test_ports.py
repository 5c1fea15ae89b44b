# SPDX-License-Identifier: Apache-2.0
"""A port or backend that does not lead to a device is refused at load, before it could do anything."""

from pathlib import Path

import pytest

from energy_runner.bench import load_bench_spec
from energy_runner.bench.changes import parse_changes
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ConfigurationError, ExitStatus
from instruments.clock import RealClock
from instruments.errors import InstrumentError
from instruments.links.address import AddressError
from instruments.links.make import make_link
from instruments.links.serial_link import SerialLink

SHORT = """name = "desk"
[monitor]
driver = "n6705"
port = "{port}"
backend = "{backend}"
voltage_v = 1.8
[io_manager]
port = "/dev/ttyACM1"
"""
LONG = """name = "desk"
[instruments.psu]
driver = "n6705"
port = "{port}"
backend = "{backend}"
[instruments.uno]
driver = "io-manager"
port = "/dev/ttyACM1"
[roles]
supply = "psu"
sampler = "psu"
edges = "uno"
dut = "uno"
[supply]
voltage_v = 1.8
"""
GOOD = "TCPIP0::192.168.1.20::5025::SOCKET"
PORTS = (
    "spy://loop://?file={file}",
    "spy:///dev/null?file={file}",
    "SPY://loop://?file={file}",
    "ASRL/spy://loop://?file={file}::INSTR",
    "ASRLspy://loop://?file={file}::INSTR",
    "/../spy://loop://?file={file}",
    "alt:///dev/null?class=Serial",
    "hwgrep://.*",
    "cp2110://",
    "loop://",
    "file://{file}",
    "socket://127.0.0.1:9?logging=debug",
)


def bench(folder: Path, text: str, port: str = GOOD, backend: str = "@py") -> str:
    file = folder / "b.toml"
    file.write_text(text.format(port=port, backend=backend), "utf-8")
    return str(file)


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    file = tmp_path / "notes.txt"
    file.write_text("precious", "utf-8")
    return file


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(("text", "key"), [(SHORT, "monitor"), (LONG, "instruments.psu")])
def test_a_port_that_leads_to_no_device_is_refused_at_load_with_its_line(
    text: str, key: str, port: str, precious: Path, tmp_path: Path
) -> None:
    port = port.format(file=precious)
    with pytest.raises(ConfigurationError, match=rf"b\.toml, line 4: {key}\.port = '") as caught:
        load_bench_spec(bench(tmp_path, text, port))
    assert caught.value.status is ExitStatus.USAGE
    assert "Try: " in str(caught.value)
    assert precious.read_text("utf-8") == "precious"


@pytest.mark.parametrize("table", ["io_manager", "dut"])
def test_so_is_that_of_any_other_table(table: str, precious: Path, tmp_path: Path) -> None:
    changes = {f"{table}.port": f"spy://loop://?file={precious}"}
    with pytest.raises(ConfigurationError, match=rf"{table}\.port = 'spy://loop://.*Try: a device name, COM3"):
        load_bench_spec(bench(tmp_path, SHORT), changes)


def test_a_change_on_the_command_line_is_refused_with_status_2(
    precious: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("--set", f"monitor.port=spy://loop://?file={precious}")
    status = run_app(
        app, ["run", "demo-keywords", "--bench", bench(tmp_path, SHORT), *settings, "--out", f"{tmp_path}/s"]
    )
    assert status == ExitStatus.USAGE
    assert "'spy://' is not a way to a device" in capsys.readouterr().err
    assert precious.read_text("utf-8") == "precious"
    assert not (tmp_path / "s").exists()


def test_neither_the_control_layer_nor_its_link_takes_such_a_url(precious: Path) -> None:
    clock, url = RealClock(), f"spy://loop://?file={precious}"
    with pytest.raises(AddressError):
        make_link("stream", url, "monitor", clock)
    with pytest.raises(InstrumentError):  # a port of that name, which there is not
        SerialLink("monitor", url, 9600).open(clock.deadline(1.0))
    assert precious.read_text("utf-8") == "precious"


@pytest.mark.parametrize(
    "backend", ["./evil.so", "/opt/visa.so", "evil.yaml@sim", "@py/../x", r"\\srv\x.dll", "x@py"]
)
@pytest.mark.parametrize(("text", "key"), [(SHORT, "monitor"), (LONG, "instruments.psu")])
def test_a_bench_file_cannot_name_code_to_load(text: str, key: str, backend: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"b\.toml, line 5: {key}\.backend = '.*Try: '@ivi'"):
        load_bench_spec(bench(tmp_path, text, backend=backend.replace("\\", "\\\\")))


@pytest.mark.parametrize("backend", ["@ivi", "@py", "@sim"])
def test_it_can_name_an_installed_library(backend: str, tmp_path: Path) -> None:
    spec = load_bench_spec(bench(tmp_path, SHORT, backend=backend))
    assert spec.monitor is not None
    assert spec.monitor.backend == backend


def test_the_user_can_name_a_path_for_a_run(tmp_path: Path) -> None:
    changes = parse_changes(["monitor.backend=/opt/visa/libvisa.so"])
    spec = load_bench_spec(bench(tmp_path, SHORT), changes)
    assert spec.monitor is not None
    assert spec.monitor.backend == "/opt/visa/libvisa.so"

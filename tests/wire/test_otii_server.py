# SPDX-License-Identifier: Apache-2.0
"""The Otii twin as a real TCP server: the maker's own client is the witness that it speaks as the server does."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.bench import load_bench_spec
from energy_runner.bench.serve import serve_bench
from energy_runner.errors import ExitStatus
from instruments.clock import Deadline, RealClock
from instruments.devices.otii.driver import Otii
from instruments.devices.otii.twin import VirtualOtii
from instruments.links.tcp import TcpLink
from instruments.registry import drivers
from instruments.roles import Edge, Samples
from instruments.twin_bench.bench import TwinOptions, build_twin_bench
from instruments.twin_bench.serve import TwinServer, serve_twin_bench
from tests.support.monitor import Monitor, MonitorSettings

pytestmark = pytest.mark.wire
CLOCK = RealClock()
BENCH = Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-otii-arc.toml"


def within(after_s: float = 20.0) -> Deadline:
    return CLOCK.deadline(after_s)


@dataclass
class Served:
    twin: VirtualOtii
    port: int


@pytest.fixture
def served() -> Iterator[Served]:
    bench = build_twin_bench(TwinOptions({"monitor": drivers()["otii-arc"], "dut": drivers()["dut-port"]}, seed=1))
    server: TwinServer = serve_twin_bench(bench, CLOCK, streams=["monitor"])
    done = threading.Event()
    thread = threading.Thread(target=server.serve, args=(done.is_set,))
    thread.start()
    address = server.ends["monitor"].address
    assert address.startswith("tcp://127.0.0.1:")
    yield Served(bench.twins["monitor"], int(address.rpartition(":")[2]))
    done.set()
    thread.join(20.0)
    server.close()


@pytest.fixture
def client() -> Any:
    return pytest.importorskip("otii_tcp_client.otii_client")


def test_the_makers_client_measures_on_the_twin(served: Served, client: Any) -> None:
    with client.OtiiClient().connect(port=served.port) as otii:  # logs in and reserves a licence if need be
        [device] = otii.get_devices(timeout=1)
        assert (device.type, device.id) == ("Arc", served.twin.device_id)
        device.add_to_project()
        device.set_main_voltage(3.0)
        device.set_max_current(0.5)
        assert device.get_main_voltage() == 3.0
        device.enable_exp_port(True)
        for channel in ("mc", "mv", "i1"):
            device.enable_channel(channel, True)
        assert (device.get_channel_samplerate("mc"), device.get_channel_samplerate("mv")) == (4000, 1000)
        project = otii.create_project()
        project.start_recording()
        device.set_main(True)
        assert device.get_main() is True
        CLOCK.sleep(1.0)
        device.set_main(False)
        project.stop_recording()
        recording = project.get_last_recording()
        info = recording.get_channel_info(device.id, "mc")
        count = recording.get_channel_data_count(device.id, "mc")
        assert count == pytest.approx((info["to"] - info["from"]) * info["sample_rate"], abs=2)
        data = recording.get_channel_data(device.id, "mc", 0, count)
        assert (data["data_type"], data["interval"], len(data["values"])) == ("analog", 0.00025, count)
        assert 1e-3 < max(data["values"]) < 0.5
        changes = recording.get_channel_data(device.id, "i1", 0, 10)
        assert changes["data_type"] == "digital"
        assert changes["values"][0] == {"timestamp": 0.0, "value": True}
    assert served.twin.licences[0]["reserved_to"] == ""


def test_the_makers_client_knows_the_twins_errors(served: Served, client: Any) -> None:
    exception = pytest.importorskip("otii_tcp_client.otii_exception").Otii_Exception
    with client.OtiiClient().connect(port=served.port) as otii:
        [device] = otii.get_devices(timeout=1)
        for call, code in (
            (lambda: device.set_main_voltage(9.0), "Invalid key value"),
            (lambda: device.set_channel_samplerate("mc", 50_000), "Command not valid for device type"),
            (device.calibrate, "Invalid command"),
        ):
            with pytest.raises(exception) as caught:
                call()
            assert caught.value.type == code
        device.id = "Arc0"
        with pytest.raises(exception) as caught:
            device.get_main()
        assert caught.value.type == "Device not connected"


def test_our_driver_measures_over_the_same_socket(served: Served) -> None:
    monitor = Monitor(Otii(TcpLink("127.0.0.1", served.port, "monitor"), CLOCK), edges=True)
    monitor.open(within())
    try:
        monitor.configure(MonitorSettings(3.0), within())
        monitor.start(within())
        monitor.power_on(within())
        items: list[object] = []
        for _ in range(15):
            CLOCK.sleep(0.1)
            items += monitor.poll(within())
        items += monitor.stop(within())
        monitor.power_off(within())
    finally:
        monitor.close()
    count = sum(item.count for item in items if isinstance(item, Samples))
    assert 4 * 1300 <= count <= 4 * 2500
    assert [item for item in items if isinstance(item, Edge)], "the DUT pulses its pin when it boots"
    assert not served.twin.world.powered


def test_a_whole_run_on_a_served_bench(tmp_path: Path) -> None:
    spec = load_bench_spec(str(BENCH))
    done = threading.Event()
    with serve_bench(spec, "energy", CLOCK, benchmark="demo-keywords", seed=3) as bench:
        assert 'port = "tcp://127.0.0.1:' in bench.text
        file = tmp_path / "served.toml"
        file.write_text(bench.text, "utf-8")
        thread = threading.Thread(target=bench.server.serve, args=(done.is_set,))
        thread.start()
        try:
            plan = api.plan("demo-keywords", inferences=30)
            session = api.run(api.load_bench(file), plan, out=tmp_path / "s", rule_set="lab")
        finally:
            done.set()
            thread.join(20.0)
    assert session.record.outcome == "completed", session.record.reason
    assert session.record.supply_off_confirmed is True
    assert session.result().energy_per_inference_j is not None
    assert api.exit_status(session) in (ExitStatus.VALID, ExitStatus.RULE_FAILED)  # the windows are short

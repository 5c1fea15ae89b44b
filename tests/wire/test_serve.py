# SPDX-License-Identifier: Apache-2.0
"""A twin bench served in real time, and the real pyserial stack talking to it."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from instruments.clock import Deadline, RealClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.devices.io_manager.driver import IoManager
from instruments.devices.io_manager.twin import RESET_NS
from instruments.errors import Unavailable
from instruments.links.serial_link import SerialLink
from instruments.registry import DriverSpec, drivers
from instruments.twin_bench.bench import TwinBench, TwinOptions, build_twin_bench
from instruments.twin_bench.serve import PtyEnd, TwinServer, serve_twin_bench

pytestmark = pytest.mark.wire
CLOCK = RealClock()
PATIENCE_S = 20.0


def within(after_s: float = PATIENCE_S) -> Deadline:
    return CLOCK.deadline(after_s)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def parts(monitor: str) -> dict[str, DriverSpec]:
    """The drivers of a bench with both routes to the DUT."""
    known = drivers()
    return {"monitor": known[monitor], "io-manager": known["io-manager"], "dut": known["dut-port"]}


class Served:
    """A bench served by a thread; `do` lets a deed happen there, where the twins live."""

    def __init__(self, *, monitor: str = "lpm01a", scpi: Sequence[str] = ()) -> None:
        self.twin: TwinBench = build_twin_bench(TwinOptions(parts(monitor), seed=1))
        self.server: TwinServer = serve_twin_bench(self.twin, CLOCK, scpi)
        self._stop = False
        self._deeds: queue.SimpleQueue[tuple[Callable[[], object], queue.SimpleQueue[object]]] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self.server.serve, args=(self._turn,), name="twin server")
        self._thread.start()

    def address(self, box: str) -> str:
        return self.server.ends[box].address

    def do(self, deed: Callable[[], object]) -> object:
        answer: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._deeds.put((deed, answer))
        return answer.get(timeout=PATIENCE_S)

    def wait_until(self, condition: Callable[[], object]) -> None:
        limit = within()
        while not self.do(condition):
            assert not limit.expired(), "the server did not notice"

    def end(self) -> None:
        self._stop = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        self.server.close()
        self.server.close()

    def _turn(self) -> bool:
        while not self._deeds.empty():
            deed, answer = self._deeds.get()
            answer.put(deed())
        return self._stop


@pytest.fixture
def served() -> Iterator[Served]:
    before = descriptors()
    served = Served()
    yield served
    served.end()
    assert descriptors() == before, "a descriptor was left open"


def io_port(served: Served) -> SerialLink:
    return SerialLink("IO manager", served.address("io-manager"), 115200)


def test_a_run_through_the_real_serial_stack(served: Served) -> None:
    driver = IoManager(io_port(served), CLOCK)
    dut = Dut(driver, CLOCK)
    driver.open(within())
    try:
        assert driver.identify(within()).firmware == "1.0.3"
        driver.arm(within())
        served.do(lambda: served.twin.world.set_supply(True, 3.0))
        assert dut.wait_for_boot(within()).text("timestamp-mode") == "energy"
        identity = dut.identify(within())
        assert (identity.model, identity.virtual) == ("kws01", True)
        dut.infer(5, 1, within())
        laps = driver.take(within())
        assert len(laps) == 3  # boot, start, stop
        window_s = ((laps[2].lap_us - laps[1].lap_us) & 0xFFFFFFFF) / 1e6
        assert window_s == pytest.approx(5 * 0.0434, rel=0.02)
    finally:
        driver.close()
        driver.close()


def test_the_duts_own_port_works_alike(served: Served) -> None:
    port = DutSerialPort(SerialLink("DUT", served.address("dut"), 9600), CLOCK)
    dut = Dut(port, CLOCK)
    port.open(within())
    try:
        served.wait_until(lambda: served.twin.twins["dut"].port.is_open)
        served.do(lambda: served.twin.world.set_supply(True, 3.0))
        dut.wait_for_boot(within())
        stimulus = bytes(range(64))
        assert dut.load(stimulus, within()) == 1
        assert dut.read_back(64, within()) == stimulus
    finally:
        port.close()


def test_opening_again_resets_the_uno(served: Served) -> None:
    port = io_port(served)
    driver = IoManager(port, CLOCK)
    driver.open(within())
    driver.arm(within())
    assert served.do(lambda: served.twin.twins["io-manager"]._timer)
    driver.close()
    served.wait_until(lambda: not served.twin.twins["io-manager"].port.is_open)
    before_ns = served.do(served.twin.clock.now_ns)
    driver.open(within())
    assert not served.do(lambda: served.twin.twins["io-manager"]._timer)
    assert served.do(served.twin.clock.now_ns) - before_ns >= RESET_NS
    assert driver.identify(within()).firmware == "1.0.3"
    driver.close()


def test_the_twins_time_is_the_hosts(served: Served) -> None:
    def look() -> tuple[int, int, int]:
        return CLOCK.now_ns(), int(str(served.do(served.twin.clock.now_ns))), CLOCK.now_ns()

    slack_ns = 300_000_000  # a turn of a busy host
    before_ns, first_ns, after_ns = look()
    CLOCK.sleep(1.0)
    earliest_ns, second_ns, latest_ns = look()
    assert earliest_ns - after_ns - slack_ns <= second_ns - first_ns <= latest_ns - before_ns + slack_ns


@pytest.mark.parametrize("situation", ["nobody", "a client that is silent", "a client that has left", "no reader"])
def test_waiting_costs_little(served: Served, situation: str) -> None:
    port = io_port(served)
    if situation != "nobody":
        port.open(within())
        served.wait_until(lambda: served.twin.twins["io-manager"].port.is_open)
    if situation == "no reader":
        served.do(lambda: served.twin.twins["io-manager"].port.emit(b"x" * 1_000_000))
    if situation == "a client that has left":
        port.write(b"name%", within())
        port.close()
        served.wait_until(lambda: not served.twin.twins["io-manager"].port.is_open)
    cpu_s, wall_ns = time.process_time(), CLOCK.now_ns()
    CLOCK.sleep(0.5)
    busy_s = time.process_time() - cpu_s
    assert busy_s < 0.5 * (CLOCK.now_ns() - wall_ns) / 1e9
    port.close()


def test_a_client_that_reads_late_gets_every_byte(served: Served) -> None:
    port = io_port(served)
    port.open(within())
    served.wait_until(lambda: served.twin.twins["io-manager"].port.is_open)
    sent = bytes(i * 31 % 256 for i in range(200_000))
    served.do(lambda: served.twin.twins["io-manager"].port.emit(sent))
    data, limit = b"", within()
    while len(data) < len(sent) and not limit.expired():
        data += port.read(limit)
    assert data == sent
    port.close()


def test_what_one_client_did_not_read_is_not_for_the_next(served: Served) -> None:
    port = io_port(served)
    port.open(within())
    served.wait_until(lambda: served.twin.twins["io-manager"].port.is_open)
    served.do(lambda: served.twin.twins["io-manager"].port.emit(b"for the first"))
    CLOCK.sleep(0.05)
    port.close()
    served.wait_until(lambda: not served.twin.twins["io-manager"].port.is_open)
    port.open(within())
    assert port.read(within(0.2)) == b""
    port.close()


def test_a_client_that_sends_and_leaves_at_once_is_heard(served: Served) -> None:
    heard: list[bytes] = []
    served.do(lambda: setattr(served.twin.twins["dut"].port, "_on_receive", heard.append))
    port = SerialLink("DUT", served.address("dut"), 9600)
    port.open(within())
    port.write(b"name%", within())
    port.close()
    served.wait_until(lambda: heard)
    assert b"".join(heard) == b"name%"
    served.wait_until(lambda: not served.twin.twins["dut"].port.is_open)


def test_ending_the_server_unplugs_its_clients() -> None:
    before = descriptors()
    served = Served()
    port = io_port(served)
    port.open(within())
    served.end()
    with pytest.raises(Unavailable):
        port.read(within())
    port.close()
    assert descriptors() == before


def test_an_scpi_monitor_is_served_on_tcp_one_client_after_the_other() -> None:
    before = descriptors()
    served = Served(monitor="n6705", scpi=["monitor"])
    port = served.twin.twins["monitor"].port
    served.do(lambda: setattr(port, "_on_receive", lambda data: port.emit(data.upper())))
    assert served.address("monitor").startswith("TCPIP0::127.0.0.1::")
    number = int(served.address("monitor").split("::")[2])
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", number), timeout=PATIENCE_S) as client:
            client.sendall(b"*idn?\n")
            assert client.recv(100) == b"*IDN?\n"
        served.wait_until(lambda: not port.is_open)
    served.end()
    assert descriptors() == before


def test_a_port_number_in_use_is_one_clear_line_and_leaves_nothing_open() -> None:
    before = descriptors()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=r"(?s)monitor.*another TCP port") as caught:
            serve_twin_bench(build_twin_bench(TwinOptions(parts("n6705"))), CLOCK, ["monitor"], number)
        assert str(number) in str(caught.value)
    assert descriptors() == before


def test_a_system_without_terminals_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    opened: list[PtyEnd] = []

    def failing(self: PtyEnd, port: object, real: Callable[..., None] = PtyEnd.__init__) -> None:
        if opened:
            raise Unavailable("serve on a pseudo-terminal", "this system has none")
        real(self, port)
        opened.append(self)

    monkeypatch.setattr(PtyEnd, "__init__", failing)
    with pytest.raises(Unavailable, match="pseudo-terminal"):
        serve_twin_bench(build_twin_bench(TwinOptions(parts("lpm01a"))), CLOCK)
    assert len(opened) == 1
    assert descriptors() == before

# SPDX-License-Identifier: Apache-2.0
"""Two benches that share an instrument exclude each other, and no others do."""

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.bench import lock
from energy_runner.bench.lock import lock_bench, resources_of
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import BenchFault

SOCKET = "TCPIP0::10.0.0.7::5025::SOCKET"
# The same instrument under several addresses, and different ones.
ADDRESSES = {
    "/dev/ttyS90": "a",
    "ASRL/dev/ttyS90::INSTR": "a",
    "/dev/ttyS91": "b",
    SOCKET: "c",
    "tcp://10.0.0.7:5025": "c",
    "TCPIP::10.0.0.7::INSTR": "d",
}


def spec(monitor: str, relay: str, *, driver: str = "lpm01a", channel: int | None = None) -> BenchSpec:
    options = {} if channel is None else {"channel": channel}
    return BenchSpec.model_validate(
        {
            "name": "x",
            "monitor": {"driver": driver, "port": monitor, "voltage_v": 3.0, "options": options},
            "io_manager": {"port": relay},
        }
    )


def exclude(one: BenchSpec, other: BenchSpec) -> bool:
    with lock_bench(one, "the first"):
        try:
            with lock_bench(other, "the second"):
                return False
        except BenchFault as fault:
            assert "the first" in str(fault)
            return True


@pytest.fixture(scope="module", autouse=True)
def _own_state(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("state")
    patch = pytest.MonkeyPatch()
    patch.setattr(lock, "user_state_path", lambda *_, **__: folder)
    yield
    patch.undo()


@settings(deadline=None, max_examples=60)
@given(*[st.sampled_from(sorted(ADDRESSES))] * 4)
def test_benches_exclude_each_other_if_and_only_if_they_share_an_instrument(
    a: str, b: str, c: str, d: str
) -> None:
    share = {ADDRESSES[a], ADDRESSES[b]} & {ADDRESSES[c], ADDRESSES[d]}
    assert exclude(spec(a, b), spec(c, d)) == bool(share)


def test_a_link_and_its_target_are_one_instrument(tmp_path: Path) -> None:
    target = tmp_path / "ttyACM0"
    target.touch()
    by_id = tmp_path / "usb-ST_PowerShield-if00"
    by_id.symlink_to(target)
    assert exclude(spec(str(by_id), "/dev/ttyS92"), spec(str(target), "/dev/ttyS93"))


def test_channels_of_a_mainframe_are_used_by_two_benches_at_once() -> None:
    one, two = (spec(SOCKET, f"/dev/ttyS{90 + n}", driver="n6705", channel=n) for n in (1, 2))
    assert not exclude(one, two)
    assert exclude(one, spec("tcp://10.0.0.7:5025", "/dev/ttyS94", driver="n6705", channel=1))
    assert resources_of(one)["monitor"] == "tcp://10.0.0.7:5025#1"


def _die(one: BenchSpec, folder: Path, held: "multiprocessing.synchronize.Event") -> None:
    lock.user_state_path = lambda *_, **__: folder  # type: ignore[assignment]
    context = lock_bench(one, "session /tmp/dead")
    context.__enter__()
    held.set()
    multiprocessing.Event().wait(30)


def test_a_dead_run_is_told_to_the_next_on_any_bench_with_that_instrument(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    spawn = multiprocessing.get_context("fork")
    held = spawn.Event()
    process = spawn.Process(target=_die, args=(spec("/dev/ttyS90", "/dev/ttyS91"), tmp_path, held))
    process.start()
    assert held.wait(20)
    process.kill()
    process.join(20)
    with lock_bench(spec("/dev/ttyS99", "/dev/ttyS91"), "the next") as died:
        assert died == "session /tmp/dead"
    with lock_bench(spec("/dev/ttyS98", "/dev/ttyS97"), "another bench") as died:
        assert died is None

# SPDX-License-Identifier: Apache-2.0
"""Two benches that share an instrument exclude each other, and no others do."""

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from energy_runner.bench import lock
from energy_runner.bench.lock import lock_bench, resources_of
from energy_runner.bench.spec import BenchSpec
from energy_runner.errors import BenchFault
from tests.support.examples import examples

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


# Drivers and channels that may stand at an address; None: the option is left out, which means channel 1.
USES = (("lpm01a", None), ("ngu", None), ("n6705", None), ("n6705", 1), ("n6705", 2))


def essence(address: str, use: tuple[str, int | None]) -> tuple[str, int | None]:
    """Return the device and the channel of it that are used; None for all of them."""
    driver, channel = use
    return ADDRESSES[address], (channel or 1) if driver == "n6705" else None


def shared(one: set[tuple[str, int | None]], other: set[tuple[str, int | None]]) -> bool:
    return any(a == b and (c is None or d is None or c == d) for a, c in one for b, d in other)


addresses, uses = st.sampled_from(sorted(ADDRESSES)), st.sampled_from(USES)
benches = st.tuples(addresses, uses, addresses).filter(lambda drawn: ADDRESSES[drawn[0]] != ADDRESSES[drawn[2]])


@settings(deadline=None, max_examples=examples(100))
@given(benches, benches)
def test_benches_exclude_each_other_if_and_only_if_they_share_an_instrument(one, other) -> None:
    """Different channels of a mainframe are not shared; a driver without channels needs the whole device."""
    first, second = (spec(a, c, driver=use[0], channel=use[1]) for a, use, c in (one, other))
    used = [{essence(a, use), essence(c, ("io-manager", None))} for a, use, c in (one, other)]
    assert exclude(first, second) == shared(*used)
    assert not list((lock.user_state_path() / "instruments").glob("*.json")), "a note is left behind"


def test_a_link_and_its_target_are_one_instrument(tmp_path: Path) -> None:
    target = tmp_path / "ttyACM0"
    target.touch()
    by_id = tmp_path / "usb-ST_PowerShield-if00"
    by_id.symlink_to(target)
    assert exclude(spec(str(by_id), "/dev/ttyS92"), spec(str(target), "/dev/ttyS93"))


def mainframe(channel: int | None, relay: int, driver: str = "n6705") -> BenchSpec:
    return spec(SOCKET, f"/dev/ttyS{relay}", driver=driver, channel=channel)


def test_channels_of_a_mainframe_are_used_by_two_benches_at_once() -> None:
    one, two = (mainframe(n, 90 + n) for n in (1, 2))
    assert not exclude(one, two)
    assert exclude(one, spec("tcp://10.0.0.7:5025", "/dev/ttyS94", driver="n6705", channel=1))
    assert str(resources_of(one)["monitor"]) == "tcp://10.0.0.7:5025#1"


def test_the_whole_mainframe_is_free_when_the_last_channel_is() -> None:
    whole = mainframe(None, 95, driver="ngu")
    with lock_bench(mainframe(1, 91), "one"):
        with lock_bench(mainframe(2, 92), "two"):
            assert in_use(whole) == "one"
        assert in_use(whole) == "one"
    with lock_bench(whole, "all"):
        assert in_use(mainframe(3, 93)) == "all"
    assert in_use(mainframe(3, 93)) == ""


def in_use(one: BenchSpec) -> str:
    """Return by what a bench is in use; "" if it is free."""
    try:
        with lock_bench(one, "a look"):
            return ""
    except BenchFault as fault:
        return str(fault).partition("is in use: ")[2].partition(";")[0]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_lock_is_released_on_every_path(error: type[BaseException]) -> None:
    bench = mainframe(1, 91)
    with pytest.raises(error), lock_bench(bench, "fails"):
        raise error
    with lock_bench(mainframe(None, 91, driver="ngu"), "the next") as held:
        assert held.died is None


def test_a_bench_that_is_refused_holds_nothing() -> None:
    """Its first instrument was free, its second was not."""
    with lock_bench(spec("/dev/ttyS95", "/dev/ttyS96"), "the first"):
        assert in_use(spec("/dev/ttyS90", "/dev/ttyS96")) == "the first"
        assert in_use(spec("/dev/ttyS90", "/dev/ttyS97")) == ""
        assert in_use(spec("/dev/ttyS90", "/dev/ttyS95")) == "the first"


def test_a_note_that_cannot_be_written_leaves_the_bench_free(monkeypatch) -> None:
    def full(*_: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with (
            pytest.raises(BenchFault, match=r"bench 'x' cannot be locked \(full\)"),
            lock_bench(mainframe(1, 91), "it"),
        ):
            pass
    assert in_use(mainframe(1, 91)) == ""


def test_a_gate_that_is_held_for_long_is_named(monkeypatch) -> None:
    monkeypatch.setattr(lock, "_GATE_S", 0.05)
    folder = lock.user_state_path() / "instruments"
    with (
        FileLock(folder / "gate.lock"),
        pytest.raises(BenchFault, match=r"cannot be locked \(.*gate\.lock: another"),
        lock_bench(mainframe(1, 91), "x"),
    ):
        pass
    assert in_use(mainframe(1, 91)) == ""


def _race(one: BenchSpec, folder: Path, start: Any, done: Any, won: Any) -> None:
    lock.user_state_path = lambda *_, **__: folder  # type: ignore[assignment]
    start.wait(20)
    try:
        with lock_bench(one, "it"):
            won.release()
            done.wait(20)
    except BenchFault:
        done.wait(20)


@pytest.mark.parametrize(
    ("uses", "winners"),
    [
        ([("n6705", 1), ("n6705", 1), ("n6705", 1)], 1),
        ([("n6705", 1), ("n6705", 2), ("n6705", 3)], 3),
        ([("ngu", None), ("ngu", None), ("lpm01a", None)], 1),
    ],
)
def test_of_processes_that_start_together_as_many_get_the_device_as_can(uses, winners, tmp_path) -> None:
    fork = multiprocessing.get_context("fork")
    start, done, won = fork.Barrier(len(uses)), fork.Barrier(len(uses)), fork.Semaphore(0)
    specs = [mainframe(channel, 91 + n, driver) for n, (driver, channel) in enumerate(uses)]
    processes = [fork.Process(target=_race, args=(one, tmp_path, start, done, won)) for one in specs]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    count = 0
    while won.acquire(block=False):
        count += 1
    assert count == winners


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
    with lock_bench(spec("/dev/ttyS99", "/dev/ttyS91"), "the next") as bench:
        assert bench.died == "session /tmp/dead"
    with lock_bench(spec("/dev/ttyS98", "/dev/ttyS97"), "another bench") as bench:
        assert bench.died is None


@pytest.mark.parametrize(
    ("dead", "following", "told"),
    [
        (("n6705", 1), ("n6705", 1), True),
        (("n6705", 1), ("n6705", 2), False),
        (("n6705", 1), ("ngu", None), True),
        (("ngu", None), ("n6705", 2), True),
    ],
)
def test_a_run_that_died_on_a_mainframe_is_told_until_the_supply_is_off(
    dead, following, told, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    fork = multiprocessing.get_context("fork")
    held = fork.Event()
    process = fork.Process(target=_die, args=(mainframe(dead[1], 91, dead[0]), tmp_path, held))
    process.start()
    assert held.wait(20)
    assert in_use(mainframe(dead[1], 92, dead[0])) == "session /tmp/dead"
    process.kill()
    process.join(20)
    bench = mainframe(following[1], 92, following[0])
    for confirms in (False, False, True):
        with lock_bench(bench, "the next") as found:
            assert found.died == ("session /tmp/dead" if told else None)
            if confirms:
                found.supply_is_off()
    with lock_bench(bench, "the last") as found:
        assert found.died is None


def test_a_job_that_fails_does_not_take_the_note_of_a_dead_one_away(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    bench = mainframe(1, 91)
    with lock_bench(bench, "session A") as held:
        held.supply_may_be_on()
    with pytest.raises(OSError, match="broken"), lock_bench(bench, "bench off"):
        raise OSError("broken")
    with lock_bench(bench, "session B") as held:
        assert held.died == "session A (it did not confirm that the supply is off)"
        held.supply_may_be_on()
    with lock_bench(bench, "bench off") as held:
        assert held.died is not None
        assert [text.split(" (")[0] for text in held.died.split("; ")] == ["session A", "session B"]
        held.supply_is_off()
    assert not list((tmp_path / "instruments").glob("*.json"))


def test_what_a_watchdog_reports_is_told_once(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    bench = mainframe(1, 91)
    with lock_bench(bench, "session A") as held:
        held.supply_may_be_on()
    with lock_bench(bench, "its watchdog") as held:
        held.supply_is_off("session A; its watchdog switched it off")
    for expected in ("session A; its watchdog switched it off", None):
        with lock_bench(bench, "the next") as held:
            assert held.died == expected


UNREADABLE = ("", "{", "[]", '{"doing": 1}', '{"left": []}', '{"doing": null, "left": 3}', "\x00")


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_note_that_cannot_be_read_is_told_and_goes_when_the_supply_is_off(text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    bench = mainframe(1, 91)
    with lock_bench(bench, "first"):
        (note,) = (tmp_path / "instruments").glob("*-*.json")
    note.write_text(text)
    with lock_bench(bench, "next") as held:
        assert held.died == "an earlier run whose note cannot be read"
        held.supply_is_off()
    with lock_bench(bench, "last") as held:
        assert held.died is None


def test_a_note_of_an_earlier_version_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(lock, "user_state_path", lambda *_, **__: tmp_path)
    bench = mainframe(1, 91)
    with lock_bench(bench, "first"):
        (note,) = (tmp_path / "instruments").glob("*-*.json")
    note.write_text('{"doing": "session /tmp/old"}')
    with lock_bench(bench, "next") as held:
        assert held.died == "session /tmp/old"

# SPDX-License-Identifier: Apache-2.0
"""Flashing before a run: the DUT is powered, its probe on, and what goes wrong leaves nothing running."""

import hashlib
import os
import shlex
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from energy_runner.director import flash as flashing
from energy_runner.director import program
from energy_runner.director.preparation import prepared
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session import events as ev
from instruments.clock import RealClock
from tests.support.small import FOUR_INSTRUMENTS, small_plan, twin_bench

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="sh and /proc are needed")
BENCHES = Path(FOUR_INSTRUMENTS).parent
WITH_PROBE = str(BENCHES / "module-and-probe.toml")
ROUTES = (
    "virtual-lpm01a",
    "virtual-n6705c",
    FOUR_INSTRUMENTS,
    *(str(BENCHES / f"{name}.toml") for name in ("interface-board-sees-edges", "two-rails")),
)


def sh(script: str) -> str:
    return f"sh -c {shlex.quote(script)}"


def planned(folder: Path, script: str, mode="energy", **options: Any):
    plan = small_plan(folder / "stimuli", mode, inferences=24)
    return replace(plan, preparation=prepared(flash=sh(script), **options))


def ran(bench, folder: Path, script: str, mode="energy", **options: Any):
    return er.run(bench, planned(folder, script, mode, **options), out=folder / "s", report=False)


def of(session, kind):
    return [event for event in session.journal() if isinstance(event, kind)]


def failed(session) -> str:
    """Return why a run ended that could not flash; its supply is off, and it has measured nothing."""
    assert er.exit_status(session) is ExitStatus.BENCH_FAULT
    assert session.record.supply_off_confirmed
    assert of(session, ev.InferenceDone) == []
    return session.record.reason


def gone(pid_file: Path) -> bool:
    """Return whether the process has ended, whose number is in a file; a zombie has."""
    try:
        state = Path(f"/proc/{int(pid_file.read_text('utf-8'))}/stat").read_text("utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def soon(condition: Callable[[], bool]) -> bool:
    clock = RealClock()
    deadline = clock.deadline(20.0)
    while not condition() and not deadline.expired():
        clock.sleep(0.01)
    return condition()


# --- what goes well ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROUTES, ids=lambda name: Path(name).stem)
def test_the_dut_is_flashed_power_cycled_and_measured(name: str, tmp_path: Path) -> None:
    image = tmp_path / "kws 1.elf"
    image.write_bytes(b"\x7fELF" + bytes(100))
    script = 'test "$(wc -c < "$0")" = 104 && echo wrote "$0"'
    plan = small_plan(tmp_path / "stimuli", inferences=24)
    command = f"sh -c {shlex.quote(script)} {{image}}"
    made = prepared(flash=command, image=image, commands=["clock 40000000"])
    session = er.run(twin_bench(name), replace(plan, preparation=made), out=tmp_path / "s", report=False)
    assert session.record.outcome == "completed", session.record.reason
    (flashed,) = of(session, ev.FirmwareFlashed)
    assert (flashed.status, flashed.output) == (0, f"wrote {image}\n")
    assert flashed.output_bytes == len(flashed.output)
    sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
    assert (flashed.image, flashed.image_sha256) == (str(image), sha256)
    facts = session.record.run.flash
    assert facts is not None
    assert (facts.command, facts.image_sha256, facts.timeout_s) == (flashed.command, sha256, 120.0)
    kinds = [
        f"{event.kind} {event.on}" if isinstance(event, ev.SupplySwitched) else event.kind
        for event in session.journal()
        if isinstance(event, ev.SupplySwitched | ev.FirmwareFlashed | ev.DutBooted | ev.DutCommanded)
    ]
    rails = 2 if name.endswith("two-rails.toml") else 1
    on, off = ["supply-switched True"] * rails, ["supply-switched False"] * rails
    assert kinds == [*on, "firmware-flashed", *off, *on, "dut-booted", "dut-commanded", *off]
    check = session.result().exchange
    assert check is not None
    assert (check.contradictions, check.first) == (0, "")


@pytest.mark.parametrize("mode", ["performance", "accuracy"])
def test_it_is_flashed_in_every_mode(mode: str, tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a", mode), tmp_path, "true", mode)
    assert session.record.outcome == "completed", session.record.reason
    assert len(of(session, ev.FirmwareFlashed)) == 1


def test_old_firmware_of_another_mode_is_no_contradiction(tmp_path: Path, monkeypatch) -> None:
    bench = twin_bench("virtual-lpm01a")
    dut = bench.twin.dut
    dut.options = replace(dut.options, mode="performance")
    run_program = program.run_program

    def flashes(*arguments):
        bench.clock.sleep(1.0)  # the old firmware boots
        dut.options = replace(dut.options, mode="energy")
        return run_program(*arguments)

    monkeypatch.setattr(flashing, "run_program", flashes)
    session = ran(bench, tmp_path, "true")
    assert session.record.outcome == "completed", session.record.reason
    assert [one.timestamp_mode for one in of(session, ev.DutBooted)] == ["energy"]
    assert session.result().exchange.contradictions == 0


@pytest.mark.parametrize("before", ["on", "off"])
def test_the_probe_is_on_while_flashing_and_off_while_measuring(before: str, tmp_path, monkeypatch) -> None:
    bench = twin_bench(WITH_PROBE)
    relay, world = bench.twin.twins["cut"], bench.twin.world
    relay.on["0"] = before == "on"
    seen = []
    run_program = program.run_program

    def looked(*arguments):
        seen.append((relay.on["0"], world.powered))
        return run_program(*arguments)

    monkeypatch.setattr(flashing, "run_program", looked)
    session = ran(bench, tmp_path, "true")
    assert session.record.outcome == "completed", session.record.reason
    assert seen == [(True, True)]
    turned = [one.on for one in of(session, ev.SwitchTurned)]
    assert turned == ([False, True] if before == "on" else [True, False])
    assert relay.on["0"] is (before == "on")
    probe = next(one for one in session.result().verdicts if one.id == "probe-off")
    assert probe.passed


def test_a_probe_that_was_off_is_off_again_after_a_failure(tmp_path: Path) -> None:
    bench = twin_bench(WITH_PROBE)
    relay = bench.twin.twins["cut"]
    relay.on["0"] = False
    failed(ran(bench, tmp_path, "false"))
    assert relay.on["0"] is False


def test_a_dut_that_is_fed_from_outside_is_flashed_all_the_same(tmp_path: Path) -> None:
    session = ran(twin_bench(str(BENCHES / "fed-from-outside.toml")), tmp_path, "true")
    assert session.record.outcome == "completed", session.record.reason
    assert any("not power-cycled" in one.text for one in of(session, ev.Remark))


# --- what goes wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo one; echo 'no target' >&2; exit 3", "ended with status 3; it said last: one / no target"),
        ("exit 1", "ended with status 1; it said nothing"),
        ("kill -SEGV $$", "was ended by SIGSEGV"),
        ("printf '\\033[31mbad\\a'; false", "it said last: \\x1b[31mbad\\x07"),
    ],
)
def test_a_failure_is_a_bench_fault_with_its_last_words(script: str, words: str, tmp_path: Path) -> None:
    bench = twin_bench("virtual-lpm01a")
    session = ran(bench, tmp_path, script)
    reason = failed(session)
    assert words in reason
    assert reason.startswith("flash with 'sh': ")
    assert not bench.twin.world.powered
    (flashed,) = of(session, ev.FirmwareFlashed)
    assert flashed.status != 0


def test_a_missing_program_is_found_before_the_supply_is_on(tmp_path: Path) -> None:
    plan = replace(small_plan(tmp_path / "stimuli"), preparation=prepared(flash="no-such-flasher -x"))
    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s", report=False)
    assert "flash with 'no-such-flasher': there is no such program" in failed(session)
    assert True not in [one.on for one in of(session, ev.SupplySwitched)]


def test_a_program_that_cannot_be_executed_is_a_bench_fault(tmp_path: Path) -> None:
    broken = tmp_path / "flasher"
    broken.write_bytes(b"\x7fELF but not really")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    plan = replace(small_plan(tmp_path / "stimuli"), preparation=prepared(flash=str(broken)))
    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s", report=False)
    assert "cannot be started: Exec format error" in failed(session)


@pytest.mark.parametrize(
    ("script", "others"),
    [
        ("echo $$ > pid; exec sleep 600", 0),
        ("trap '' TERM INT HUP; echo $$ > pid; while :; do sleep 600; done", 1),
        ("sleep 600 & echo $! > child; echo $$ > pid; wait", 1),
        ("setsid sleep 600 & echo $! > child; echo $$ > pid; sleep 600", 2),
        ("echo $$ > pid; kill -STOP $$", 0),
    ],
    ids=["hangs", "ignores-signals", "with-a-child", "with-a-detached-child", "stopped"],
)
def test_one_that_does_not_end_is_ended_with_its_children(script, others, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, script, flash_timeout_s=0.4)
    assert "did not end within 0.4 s (flash_timeout_s) and was ended" in failed(session)
    assert of(session, ev.FirmwareFlashed)[0].status is None
    for name in ("pid", "child") if others and (tmp_path / "child").exists() else ("pid",):
        assert soon(lambda name=name: gone(tmp_path / name)), name


def test_of_garbage_without_end_a_little_is_kept(tmp_path: Path) -> None:
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, "echo begins; cat /dev/urandom", flash_timeout_s=0.5)
    reason = failed(session)
    assert len(reason) < 700
    assert reason.isprintable()
    (flashed,) = of(session, ev.FirmwareFlashed)
    assert flashed.output.startswith("begins\n")
    assert "bytes are left out]" in flashed.output
    assert flashed.output_bytes > 100_000
    assert len(flashed.output.encode("utf-8", "replace")) < 4 * (program.KEPT_FIRST + program.KEPT_LAST)
    assert (session.path / "journal.jsonl").stat().st_size < 200_000


def test_what_it_leaves_running_is_ended_and_remarked(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = "setsid sleep 600 > /dev/null 2>&1 & echo $! > child; exit 0"
    session = ran(twin_bench("virtual-lpm01a"), tmp_path, script)
    assert session.record.outcome == "completed", session.record.reason
    assert any("left 1 processes running" in one.text for one in of(session, ev.Remark))
    assert soon(lambda: gone(tmp_path / "child"))


def test_a_stop_ends_the_program_and_the_supply_is_off(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    bench = twin_bench("virtual-lpm01a")
    handle = er.start(bench, planned(tmp_path, "echo $$ > pid; exec sleep 600"), out=tmp_path / "s", report=False)

    def stop() -> None:
        assert soon((tmp_path / "pid").exists)
        handle.cancel()

    waiting = threading.Thread(target=stop)
    waiting.start()
    session = handle.wait()
    waiting.join()
    assert er.exit_status(session) is ExitStatus.INTERRUPTED
    assert session.record.supply_off_confirmed
    assert soon(lambda: gone(tmp_path / "pid"))


def test_an_image_that_is_changed_meanwhile_is_not_what_was_planned(tmp_path: Path) -> None:
    image = tmp_path / "a.elf"
    image.write_bytes(b"one")
    plan = planned(tmp_path, "echo more >> {image}", image=image)
    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "s", report=False)
    assert "was changed after the plan was made, while it was flashed" in failed(session)
    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "t", report=False)
    assert "was changed after the plan was made, before it was flashed" in failed(session)
    image.unlink()
    session = er.run(twin_bench("virtual-lpm01a"), plan, out=tmp_path / "u", report=False)
    assert "cannot be read before it was flashed: No such file" in failed(session)


def test_another_that_has_waited_for_the_program_makes_it_no_success(monkeypatch) -> None:
    def nobody(*arguments):
        raise ChildProcessError

    monkeypatch.setattr(os, "waitid", nobody)
    end = program.run_program(["true"], 5.0, lambda: None)
    assert end.status == 255


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"flash": ""}, "must be a program with its arguments"),
        ({"flash": "  "}, "must be a program with its arguments"),
        ({"flash": ["openocd"]}, "must be a program with its arguments"),
        ({"flash": "openocd 'x"}, "no closing quotation"),
        ({"flash": "openocd {image}"}, "which file is meant"),
        ({"flash": "openocd", "image": __file__}, "does not name it"),
        ({"flash": "openocd {image}", "image": "no-such.elf"}, "image=no-such.elf: cannot be read: No such file"),
        ({"flash": "openocd {image}", "image": 5}, "must be the path of a file"),
        ({"image": __file__}, "nothing is flashed"),
        ({"flash_timeout_s": 5}, "nothing is flashed"),
        ({"flash": "openocd", "flash_timeout_s": 0}, "a number of seconds above 0"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(options, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        er.plan("demo-keywords", **options)


def test_the_image_may_stand_in_the_command_itself() -> None:
    made = prepared(flash=f"openocd -c 'program {__file__} exit'", image=__file__)
    assert made.flash is not None
    assert made.flash.words == ("openocd", "-c", f"program {__file__} exit")
    assert made.flash.image_sha256 == hashlib.sha256(Path(__file__).read_bytes()).hexdigest()

"""The command line as a newcomer meets it: help, one JSON document, exit statuses, terminals of all kinds."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.spec import BenchSpec
from energy_runner.cli import bench_show
from energy_runner.cli.app import app
from energy_runner.cli.bench_serve import bench_file
from energy_runner.cli.outcome import run_app
from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted
from instruments.errors import Unavailable
from instruments.links.serial_link import SerialPortInfo, list_serial_ports
from instruments.world.faults import Faults
from tests.support.places import ROOT

HEAVY = ("numpy", "pydantic", "pyvisa", "serial", "pyjls", "matplotlib", "plotly", "rich.markdown", "rich.console")

Call = Callable[..., tuple[int, str, str]]


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group of commands with its words, as typer built them."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))

    return below(typer.main.get_command(app), ())


COMMANDS = [words for words, _ in commands()]


def started(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more.pop("env", {})
    return subprocess.run(
        [sys.executable, *more.pop("python", ()), "-m", "energy_runner", *words],
        env=environment,
        timeout=60,
        text=True,
        check=False,
        **({"capture_output": True} if "stdout" not in more else {}),
        **more,
    )


@pytest.fixture
def call(capsys, monkeypatch, tmp_path) -> Call:
    """Call the command line in this process, in an empty folder; return status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "80")

    def called(*words: str) -> tuple[int, str, str]:
        status = run_app(app, list(words))
        out, err = capsys.readouterr()
        return status, out, err

    return called


# --- help -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_help_has_an_example_that_fits(words, call):
    status, out, err = call(*words, "--help")
    assert (status, err) == (0, "")
    assert "energy-runner" in out.partition("Example")[2] or "First steps" in out
    assert out.startswith(f"Usage: {' '.join(('energy-runner', *words))} ")
    described = [line for line in out.partition("Commands:")[2].splitlines() if line.endswith("...")]
    assert not described, "a one-line description is cut off"


@pytest.mark.parametrize("words", [w for w, command in commands() if hasattr(command, "commands")], ids=" ".join)
def test_a_group_alone_shows_its_help(words, call):
    status, out, err = call(*words)
    assert (status, out) == (2, "")
    assert "Commands:" in err


def test_version(call):
    status, out, _ = call("--version")
    assert status == 0
    assert out.startswith("energy-runner ")


def test_help_imports_nothing_heavy():
    """A command's own help does import pydantic, with which typer converts options; see the next test."""
    code = (
        "import sys; from energy_runner.cli.app import app; from energy_runner.cli.outcome import run_app\n"
        "run_app(app, ['--help']); run_app(app, ['--version'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_commands_help_opens_no_box_and_draws_nothing():
    code = (
        "import sys; from energy_runner.cli.app import app; from energy_runner.cli.outcome import run_app\n"
        "for words in ('run', 'demo', 'analyze', 'check', 'report'): run_app(app, [words, '--help'])\n"
        "run_app(app, ['bench', 'doctor', '--help']); run_app(app, ['instruments', 'list', '--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules and name != 'pydantic'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_takes_a_small_multiple_of_an_empty_start():
    # CPU time of child processes: what else the machine does at the same time counts little.
    resource = pytest.importorskip("resource", reason="Windows does not tell the CPU time of a child")

    def cpu_s(*words: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    empty, shown = [], []
    for _ in range(5):
        empty.append(cpu_s("-c", "pass"))
        shown.append(cpu_s("-m", "energy_runner", "--help"))
    assert min(shown) < 15 * min(empty)


# --- results ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(tmp_path_factory) -> Path:
    """The session of one demo, for those who only read it."""
    folder = tmp_path_factory.mktemp("demo") / "session"
    done = started("demo", "--out", str(folder), "--seed", "3")
    assert done.returncode == 0, done.stderr
    return folder


def test_demo_prints_a_result_that_says_virtual(session, call):
    status, out, err = call("analyze", str(session))
    assert (status, err) == (0, "")
    assert "µJ per inference" in out
    assert "VALID" in out
    assert "VIRTUAL" in out
    assert str(session / "report.html") in out.replace("\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("analyze", "SESSION", "--json"),
        ("check", "SESSION", "--json"),
        ("check", "SESSION", "--json", "--rules", "spread"),
        ("bench", "list", "--json"),
        ("bench", "doctor", "virtual-n6705c", "--json"),
        ("instruments", "list", "--json"),
        ("instruments", "show", "lpm01a", "--json"),
    ],
    ids=" ".join,
)
def test_json_is_one_document_in_ascii(words, session, call):
    status, out, err = call(*(str(session) if word == "SESSION" else word for word in words))
    assert (status, err) == (0, "")
    assert out.isascii()
    assert json.loads(out)


def test_demo_json_is_the_result_and_progress_is_on_stderr(call, tmp_path):
    status, out, err = call("demo", "--json", "--out", "s")
    assert status == 0
    assert json.loads(out) == json.loads((tmp_path / "s" / "result.json").read_text("utf-8"))
    assert json.loads(out)["virtual"] is True
    assert "measure window 5 of 5" in err
    assert len(err.splitlines()) == len(set(err.splitlines())), "one line a phase"


def test_a_rule_that_only_informs_makes_no_run_invalid(call, tmp_path):
    from energy_runner.benchmarks.demo import write_demo_stimuli

    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    words = ("run", "kws01", "--bench", "virtual-ideal", "--stimuli", "stimuli", "--no-read-back", "--out", "s")
    assert call(*words)[0] == 0
    assert call("check", "s")[0] == 0
    status, out, _ = call("check", "s", "--rules", "read-back", "--json")
    assert status == 0
    assert [(verdict["passed"], verdict["binding"]) for verdict in json.loads(out)] == [(False, False)]
    assert call("check", "s", "--rules", "spread", "--rules", "window-length")[0] == 0


def test_a_failed_rule_is_status_1(call, tmp_path):
    from energy_runner.benchmarks.demo import write_demo_stimuli

    (tmp_path / "stimuli").mkdir()
    write_demo_stimuli(tmp_path / "stimuli")
    words = ("run", "kws01", "-b", "virtual-ideal", "-s", "stimuli", "-n", "20", "-o", "s", "--json")
    status, out, _ = call(*words)
    assert status == 1
    assert json.loads(out)["valid"] is False
    assert call("analyze", "s")[0] == 1
    assert call("check", "s")[0] == 1
    assert call("check", "s", "--rules", "window-length")[0] == 1
    assert call("check", "s", "--rules", "window-inferences")[0] == 0
    assert call("report", "s")[0] == 0


def test_report_says_where_it_is(session, call):
    status, out, _ = call("report", str(session))
    assert (status, out) == (0, f"{session / 'report.html'}\n")


# --- benches and instruments ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c", "virtual-ideal"])
def test_the_doctor_finds_a_built_in_bench_well(name, call):
    status, out, err = call("bench", "doctor", name)
    assert (status, err) == (0, "")
    assert out.endswith("All is well.\n")
    assert out.count("ok  ") == len(out.splitlines()) - 1 == 8
    assert "by the power monitor and the IO manager" in out


@pytest.fixture
def faulty(monkeypatch) -> Callable[[Callable[[Faults], None]], list[Bench]]:
    """Set faults in the world of the bench that the doctor opens; the list holds that bench afterwards."""

    def set_faults(fault: Callable[[Faults], None]) -> list[Bench]:
        opened: list[Bench] = []

        def build_faulty(*given: Any, **named: Any) -> Bench:
            bench = build_bench(*given, **named)
            assert bench.twin is not None
            fault(bench.twin.world.faults)
            opened.append(bench)
            return bench

        monkeypatch.setattr(api, "build_bench", build_faulty)
        return opened

    return set_faults


@pytest.mark.parametrize(
    ("bench", "fault", "line"),
    [
        ("virtual-lpm01a", lambda f: f.silent.add("dut"), "DUT boots: .* it said nothing"),
        ("virtual-lpm01a", lambda f: f.unplugged.add("io-manager"), "IO manager answers: .* no such port"),
        ("virtual-lpm01a", lambda f: f.refuse.add("volt"), "power monitor takes its settings: .*volt"),
        ("virtual-lpm01a", lambda f: f.lost_edges.add(1), "timestamp pin is seen: the power monitor did not see"),
        ("virtual-n6705c", lambda f: f.lost_edges.add(1), "timestamp pin is seen: .* and the IO manager did not"),
        (
            "virtual-lpm01a",
            lambda f: f.extra_edge_after.update({1: 5_000_000}),
            "timestamp pin is seen: .* 2 edges",
        ),
    ],
)
def test_the_doctor_names_what_is_wrong_and_switches_off(bench, fault, line, faulty, call):
    opened = faulty(fault)
    status, out, err = call("bench", "doctor", bench)
    assert (status, err) == (3, "")
    [failed] = [shown for shown in out.splitlines() if shown.startswith("FAIL")]
    assert re.match(f"FAIL  {line}", failed)
    assert "ok    supply is off" in out
    twin = opened[0].twin
    assert twin is not None
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())


def test_a_relay_that_is_stuck_is_not_called_off(faulty, call):
    faulty(lambda faults: setattr(faults, "power_stays_on", True))
    status, out, _ = call("bench", "doctor", "virtual-n6705c")
    assert status == 3
    assert "FAIL  supply is off" in out


@pytest.mark.parametrize("looks", [0, 1, 3, 8, 15, 22])
def test_ctrl_c_stops_the_doctor_with_the_supply_off(looks, faulty, call, monkeypatch):
    class Impatient(StopRequest):
        left = looks

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                self.ask("stopped by SIGINT")
            super().check()

    monkeypatch.setattr(api, "StopRequest", Impatient)
    opened = faulty(lambda faults: None)
    status, out, err = call("bench", "doctor", "virtual-lpm01a")
    assert (status, err) == (4, "energy-runner: stopped by SIGINT\n")
    assert "supply is off" in out
    twin = opened[0].twin
    assert twin is not None
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())


def test_the_doctor_of_a_bench_without_a_monitor(call, tmp_path):
    (tmp_path / "b.toml").write_text('name = "b"\n[dut]\nport = "virtual"\n', "utf-8")
    # There is no supply to switch, so a virtual DUT of such a bench is never powered and never answers.
    status, out, _ = call("bench", "doctor", "b.toml")
    assert status == 3
    assert "FAIL  DUT says who it is" in out
    assert "supply" not in out


def test_what_bench_show_prints_is_a_bench_file(call, tmp_path):
    status, out, _ = call("bench", "show", "virtual-n6705c")
    assert status == 0
    (tmp_path / "mine.toml").write_text(out, "utf-8")
    assert load_bench_spec("mine.toml") == load_bench_spec("virtual-n6705c")
    assert call("bench", "show", "mine.toml")[1] == out


def test_bench_list_shows_good_files_and_what_is_wrong_with_others(call, tmp_path):
    (tmp_path / "good.toml").write_text('name = "g"\ndescription = "mine"\n[dut]\nport = "/dev/x"\n', "utf-8")
    (tmp_path / "wrong.toml").write_text('name = "w"\n[dut]\nprt = "/dev/x"\n', "utf-8")
    monitor = '[monitor]\ndriver = "lpm01b"\nport = "/dev/y"\nvoltage_v = 3.0\n'
    (tmp_path / "driver.toml").write_text(f'name = "d"\n[dut]\nport = "/dev/x"\n{monitor}', "utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "no bench"\n', "utf-8")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    rows = {row["name"]: row for row in json.loads(call("bench", "list", "--json")[1])}
    assert {"virtual-ideal", "virtual-lpm01a", "virtual-n6705c", "good.toml"} <= rows.keys()
    assert rows["good.toml"]["problem"] is None
    assert rows["wrong.toml"]["problem"].startswith("line 3: unknown key 'dut.prt'; did you mean 'port'?")
    assert "'lpm01b' is unknown" in rows["driver.toml"]["problem"]
    assert not {"pyproject.toml", "binary.toml"} & rows.keys()
    table = call("bench", "list")[1]
    assert max(map(len, table.splitlines())) <= 80
    assert "cannot be used" in table


def test_serial_ports_are_those_with_hardware_behind_them(monkeypatch):
    from serial.tools import list_ports
    from serial.tools.list_ports_common import ListPortInfo

    def found(name: str, **facts: Any) -> ListPortInfo:
        port = ListPortInfo(name, skip_link_detection=True)
        for key, value in facts.items():
            setattr(port, key, value)
        return port

    usb = {"vid": 0x0483, "pid": 0x5740, "hwid": "USB", "description": "PowerShield", "serial_number": "12"}
    built_in = {"hwid": "ACPI", "description": None}
    ports = [found("/dev/ttyS0"), found("/dev/ttyACM1", **usb), found("/dev/ttyACM0", **built_in)]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    assert list_serial_ports() == [
        SerialPortInfo("/dev/ttyACM0", "", "", ""),
        SerialPortInfo("/dev/ttyACM1", "0483:5740", "PowerShield", "12"),
    ]


def test_instruments_list_tells_what_a_usb_id_may_be(call, monkeypatch):
    ports = [
        SerialPortInfo("/dev/ttyACM0", "0483:5740", "PowerShield", "1234"),
        SerialPortInfo("COM7", "", "", ""),
    ]
    monkeypatch.setattr(bench_show, "list_serial_ports", lambda: ports)
    found = json.loads(call("instruments", "list", "--json")[1])
    assert {driver["name"] for driver in found["drivers"]} >= {"lpm01a", "n6705"}
    assert "LPM01A" in found["serial_ports"][0]["likely"]
    assert found["serial_ports"][1]["likely"] == ""
    assert "/dev/ttyACM0" in call("instruments", "list")[1]
    monkeypatch.setattr(bench_show, "list_serial_ports", list)
    assert "No serial port was found" in call("instruments", "list")[1]


@pytest.mark.parametrize("driver", ["lpm01a", "n6705"])
def test_instruments_show_has_limits_and_sources(driver, call):
    status, out, _ = call("instruments", "show", driver)
    assert status == 0
    assert "gain" in out
    table = out.partition("\nSpecification (")[2].splitlines()[1:]
    assert max(len(line) for line in table if not line.startswith("assumed")) <= 80


def test_off(call):
    status, out, err = call("bench", "off", "virtual-lpm01a")
    assert (status, err) == (0, "")
    assert out.startswith("The supply is off (confirmed by ")


# --- serving ----------------------------------------------------------------------------------------------

AWKWARD = BenchSpec.model_validate(
    {
        "name": 'a "quoted" \\ name',
        "description": "µ, \x7f, \t and 😀",
        "monitor": {
            "driver": "n6705",
            "port": "virtual",
            "voltage_v": 1.8,
            "options": {"channel": 2, "odd key": "x", "b": True},
        },
        "io_manager": {"port": "virtual", "timestamps": True, "baud": 57600},
        "dut": {"port": "virtual", "boot_timeout_s": 7.5},
    }
)
PORTS = {"monitor": "TCPIP0::127.0.0.1::5025::SOCKET", "io-manager": "/dev/pts/1", "dut": "/dev/pts/2"}


@pytest.mark.parametrize(("mode", "port"), [("energy", None), ("performance", "/dev/pts/2")])
def test_the_file_of_a_served_bench_keeps_every_key(mode, port):
    spec = BenchSpec.model_validate(tomllib.loads(bench_file(AWKWARD, PORTS, mode)))
    assert AWKWARD.monitor is not None
    assert AWKWARD.io_manager is not None
    assert spec.name == f"served-{AWKWARD.name}"
    assert spec.description.startswith(AWKWARD.description)
    assert spec.monitor == AWKWARD.monitor.model_copy(update={"port": PORTS["monitor"]})
    assert spec.io_manager == AWKWARD.io_manager.model_copy(update={"port": PORTS["io-manager"]})
    assert spec.dut == AWKWARD.dut.model_copy(update={"port": port})
    assert not spec.is_virtual


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c"])
def test_serve_for_a_moment(name, call):
    status, out, err = call("bench", "serve", name, "--seconds", "0.02", "--write", "served.toml")
    assert (status, err) == (0, "")
    assert "Ctrl-C ends it." in out
    spec = load_bench_spec("served.toml")
    assert not spec.is_virtual
    assert all(port in out for port in spec.ports())


# --- how commands end -------------------------------------------------------------------------------------


def an_app(error: BaseException) -> typer.Typer:
    small = typer.Typer(rich_markup_mode=None)

    @small.command()
    def fail(as_json: bool = typer.Option(False, "--json")) -> None:
        raise error

    return small


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ConfigurationError("file: key is wrong"), 2, "file: key is wrong"),
        (BenchFault("the bench\nfell over"), 3, "the bench fell over"),
        (Interrupted("stopped by SIGTERM"), 4, "stopped by SIGTERM"),
        (Unavailable("open it", "gone\x1b[31m", "the cable"), 3, r"open it: gone\x1b[31m. Try: the cable"),
        (KeyboardInterrupt(), 4, "stopped by Ctrl-C"),
        (FileNotFoundError(2, "No such file or directory", "a/b"), 3, "a/b: No such file or directory"),
    ],
)
def test_each_error_is_one_line_and_its_status(error, status, line, capsys):
    assert run_app(an_app(error), []) == status
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"energy-runner: {line}\n")
    assert run_app(an_app(error), ["--json"]) == status
    out, err = capsys.readouterr()
    assert err == f"energy-runner: {line}\n"
    document = json.loads(out)
    assert document["schema"] == "energy-runner/error/1"
    assert document["status"] == status


def test_our_own_mistake_is_not_taken_for_a_failed_rule(capsys):
    assert run_app(an_app(ZeroDivisionError("a mistake")), ["--json"]) == 3
    out, err = capsys.readouterr()
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("energy-runner: internal error (ZeroDivisionError)")
    assert json.loads(out)["status"] == 3


def test_ctrl_c_during_the_imports_is_status_4():
    code = (
        "import energy_runner.cli.outcome as outcome\n"
        "def run_app(app): exec('raise KeyboardInterrupt')\n"
        "outcome.run_app = run_app\n"
        "from energy_runner.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (4, "energy-runner: stopped by Ctrl-C\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal to send")
def test_ctrl_c_before_anything_has_begun():
    """Sent as soon as the program says its first word."""
    child = subprocess.Popen(
        [sys.executable, "-m", "energy_runner", "bench", "serve", "virtual-n6705c", "--seconds", "30"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert (child.returncode, err) == (0, ""), "to end a server by Ctrl-C is its normal end"


def test_a_reader_that_goes_away_is_no_error():
    for words in (["bench", "list"], ["bench", "show", "virtual-lpm01a"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = started(*words, stdout=writing, stderr=subprocess.PIPE)
        finally:
            os.close(writing)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert done.returncode in (0, 1) if words == ["--help"] else done.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_told():
    with Path("/dev/full").open("w") as full:
        done = started("bench", "list", stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (3, "energy-runner: No space left on device\n")


def test_signs_that_the_terminal_lacks_are_written_out():
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    for words in (["bench", "doctor", "virtual-lpm01a"], ["instruments", "show", "lpm01a"], ["bench", "list"]):
        done = started(*words, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.isascii()


# --- completion -------------------------------------------------------------------------------------------


def completed(line: str, folder: Path) -> list[str]:
    words = line.split(" ")
    done = started(
        cwd=folder,
        env={
            "_ENERGY_RUNNER_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
    )
    return done.stdout.split()


def test_the_shell_completes_commands_benches_and_rules(tmp_path):
    (tmp_path / "vice.toml").write_text("", "utf-8")
    assert completed("energy-runner re", tmp_path) == ["report"]
    assert completed("energy-runner run kw", tmp_path) == ["kws01"]
    benches = ["virtual-ideal", "virtual-lpm01a", "virtual-n6705c", "vice.toml"]
    assert completed("energy-runner run kws01 --bench vi", tmp_path) == benches
    assert completed("energy-runner bench doctor virtual-l", tmp_path) == ["virtual-lpm01a"]
    assert completed("energy-runner check s --rules sp", tmp_path) == ["spread"]


def test_completion_can_be_installed(tmp_path):
    done = started("--show-completion", env={"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"})
    assert "Traceback" not in done.stderr
    code = (
        "import sys; sys.argv[0] = 'energy-runner'; sys.argv[1:] = ['--install-completion', 'bash']\n"
        "from energy_runner.cli import main; main()"
    )
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    script = (tmp_path / ".bash_completions" / "energy-runner.sh").read_text("utf-8")
    assert "_ENERGY_RUNNER_COMPLETE=complete_bash" in script

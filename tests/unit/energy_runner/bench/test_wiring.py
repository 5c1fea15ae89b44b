# SPDX-License-Identifier: Apache-2.0
"""Who plays which role: from the tables of a bench file to instruments, and what is refused in which line."""

import dataclasses
from importlib import resources
from pathlib import Path

import pytest

from energy_runner.bench.build import build_bench
from energy_runner.bench.load import load_bench_spec
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import IO_MANAGER, Player, instruments_of, roles_of, wiring
from energy_runner.errors import ConfigurationError
from instruments import registry
from instruments.registry import drivers

MIX = """
name = "mix"

[instruments.psu]
driver = "lpm01a"
port = "/dev/ttyACM0"

[instruments.meter]
driver = "plain-meter"
port = "TCPIP0::192.168.1.20::5025::SOCKET"
options = { channel = 2 }

[instruments.uno]
driver = "io-manager"
port = "/dev/ttyACM1"

[roles]
supply = "psu"
sampler = "meter"
edges = "uno"
dut = "uno"

[supply]
voltage_v = 1.8
"""
SHORT = """
name = "short"
[monitor]
driver = "{driver}"
port = "/dev/ttyACM0"
voltage_v = 3.0
[io_manager]
port = "/dev/ttyACM1"
"""


@pytest.fixture(autouse=True)
def plain_meter(monkeypatch):
    """A meter that samples what another instrument feeds; those that come along feed what they sample."""
    meter = dataclasses.replace(drivers()["n6705"], name="plain-meter", samples_own_output=False)
    monkeypatch.setattr(registry, "BUILT_IN", (*registry.BUILT_IN, meter))


@pytest.fixture
def load(tmp_path: Path):
    def loaded(text: str) -> BenchSpec:
        (tmp_path / "b.toml").write_text(text, "utf-8")
        return load_bench_spec(str(tmp_path / "b.toml"))

    return loaded


def test_every_role_has_the_player_that_the_file_names(load) -> None:
    found = wiring(load(MIX), "energy")
    assert (found.supply, found.sampler, found.edges) == (Player("psu"), Player("meter"), Player("uno"))
    assert (found.cross_check, found.dut) == (None, Player("uno"))


def test_the_supply_is_opened_first_whatever_the_order_in_the_file(load) -> None:
    head, psu, rest = MIX.partition('[instruments.psu]\ndriver = "lpm01a"\nport = "/dev/ttyACM0"\n')
    later = head + rest.replace("[roles]", f"{psu}[roles]")
    assert next(iter(wiring(load(MIX), "energy").instruments)) == "psu"
    assert next(iter(wiring(load(later), "energy").instruments)) == "psu"


def test_a_mode_opens_only_what_it_needs(load) -> None:
    assert list(wiring(load(MIX), "performance").instruments) == ["psu", "uno"]
    assert wiring(load(MIX), "accuracy").sampler is None


def test_the_instruments_are_built_in_their_roles(load) -> None:
    bench = build_bench(load(MIX), "energy")
    assert bench.supply is not None
    assert bench.supply.limits.voltage_max_v == 3.3
    assert bench.sampler is bench.instruments["meter"]
    assert bench.edges is bench.dut.link is bench.instruments["uno"]
    assert bench.supply_settings is not None
    assert bench.supply_settings.voltage_v == 1.8


@pytest.mark.parametrize(
    ("driver", "edges", "cross_check"), [("lpm01a", "monitor", "io-manager"), ("n6705", "io-manager", None)]
)
def test_the_short_form_says_the_same(load, driver: str, edges: str, cross_check: str | None) -> None:
    spec = load(SHORT.format(driver=driver))
    roles = {role: str(player) for role, player in roles_of(spec).items()}
    expected = {"supply": "monitor", "sampler": "monitor", "edges": edges, "dut": "io-manager"}
    assert roles == expected | ({"cross_check": cross_check} if cross_check else {})
    assert list(instruments_of(spec)) == ["monitor", "io-manager"]


def test_a_monitor_may_be_mixed_with_instruments(load) -> None:
    extra = '[instruments.watch]\ndriver = "io-manager"\nport = "/dev/ttyACM7"\n[roles]\nedges = "watch"\n'
    found = wiring(
        load(SHORT.format(driver="n6705").replace("[io_manager]", "[io_manager]\ntimestamps = false") + extra),
        "energy",
    )
    assert (found.edges, found.dut) == (Player("watch"), Player("io-manager"))


# --- what is refused, with the line and what is possible ------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (
            'edges = "uno"',
            'edgse = "uno"',
            20,
            ["unknown key 'roles.edgse'", "did you mean 'edges'", "cross_check"],
        ),
        ('supply = "psu"', 'supply = "psi"', 18, ["no such instrument", "did you mean 'psu'", "meter, uno"]),
        (
            'supply = "psu"',
            'supply = "uno"',
            18,
            ["Arduino", "plays edges, dut", "could be played by: psu, meter"],
        ),
        ('sampler = "meter"', 'sampler = ["meter", "psu"]', 19, ["one instrument, not 2", "one player"]),
        (
            'driver = "lpm01a"',
            'driver = "lpm01"',
            5,
            ["'lpm01' is unknown", "did you mean 'lpm01a'", "write-a-driver"],
        ),
        ('supply = "psu"', "", 4, ["instrument 'psu' plays no role"]),
        ("/dev/ttyACM1", "/dev/ttyACM0", "15 (and line 6)", ["given twice", "psu and uno"]),
    ],
)
def test_a_role_that_cannot_be_played_is_refused_with_its_line(load, old, new, line, words) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(MIX.replace(old, new, 1))
    said = str(caught.value)
    assert f"b.toml, line {line}: " in said
    assert all(word in said for word in words), said
    assert "\n" not in said


VIRTUAL = """name = "b"
[monitor]
driver = "{driver}"
port = "virtual"
voltage_v = 3.0
[io_manager]
port = "virtual"
"""


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        ("lpm01", ["monitor.driver: 'lpm01' is unknown", "did you mean 'lpm01a'", "write-a-driver"]),
        (
            "io-manager",
            [
                "monitor.driver = 'io-manager'",
                "plays edges, dut",
                "supply and sampler: ideal, lpm01a, n6705, ngm, ngu",
            ],
        ),
    ],
)
def test_a_monitor_that_cannot_be_one_is_refused_with_its_line(load, driver, words) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(VIRTUAL.format(driver=driver))
    said = str(caught.value)
    assert "b.toml, line 3: " in said
    assert all(word in said for word in words), said


def test_a_role_that_nobody_plays_is_named_with_who_could(load) -> None:
    spec = load(MIX.replace('edges = "uno"\n', ""))
    with pytest.raises(ConfigurationError, match=r"timestamp pin's edges.*It could be: psu, uno"):
        wiring(spec, "energy")


def test_two_players_for_one_role(load) -> None:
    extra = '[instruments.watch]\ndriver = "lpm01a"\nport = "/dev/ttyACM7"\n[roles]\nsupply = "watch"\n'
    with pytest.raises(ConfigurationError, match=r"two players for one role: supply is 'watch' and 'monitor'"):
        load(SHORT.format(driver="lpm01a") + extra)


@pytest.mark.parametrize("table", ["monitor", "io_manager"])
def test_a_name_that_the_short_form_uses_is_taken(load, table: str) -> None:
    name = table.replace("_", "-")
    extra = f'[instruments.{name}]\ndriver = "lpm01a"\nport = "/dev/ttyACM7"\n'
    with pytest.raises(ConfigurationError, match=rf"the name '{name}' is taken by \[{table}\]"):
        load(SHORT.format(driver="lpm01a") + extra)


def test_the_voltage_must_be_known(load) -> None:
    with pytest.raises(ConfigurationError, match=r"\[supply\] with voltage_v is missing"):
        wiring(load(MIX.replace("[supply]\nvoltage_v = 1.8\n", "")), "energy")


def test_edges_among_one_samplers_samples_do_not_place_another_ones(load) -> None:
    spec = load(MIX.replace('edges = "uno"', 'edges = "psu"'))
    with pytest.raises(ConfigurationError, match=r"roles.edges = 'psu' captures edges among its own samples"):
        build_bench(spec, "energy")


def test_an_option_that_a_driver_does_not_have(load) -> None:
    said = r"meter\.options\.chanel is unknown; did you mean 'channel'\? \(options of plain-meter: channel, log, "
    with pytest.raises(ConfigurationError, match=said):
        load(MIX.replace("channel = 2", "chanel = 2"))


AMPERE = """
name = "ampere-meter"
[instruments.psu]
driver = "dp800"
port = "virtual"
[instruments.ppk]
driver = "ppk2"
port = "virtual"
options = { mode = "ampere" }
[io_manager]
port = "virtual"
[roles]
supply = "psu"
sampler = "ppk"
edges = "ppk"
[supply]
voltage_v = 3.0
"""


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ('mod = "ampere"', r"line 9: instruments\.ppk\.options\.mod is unknown; did you mean 'mode'\?"),
        ('mode = "ammeter"', r"line 9: instruments\.ppk\.options\.mode must be 'source' or 'ampere'"),
    ],
)
def test_a_slip_in_an_option_is_named_and_not_the_role_that_it_would_change(load, slip: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(AMPERE.replace('mode = "ampere"', slip))


def test_an_io_manager_in_short_form_compares_the_edges_that_another_captures(load) -> None:
    roles = roles_of(load(AMPERE))
    assert (str(roles["edges"]), str(roles["cross_check"]), str(roles["dut"])) == ("ppk", IO_MANAGER, IO_MANAGER)


@pytest.mark.parametrize("port", ["/dev/ttyACM0", "COM3", "vendor:1"])
def test_an_instrument_behind_a_server_has_no_other_address(load, port: str) -> None:
    text = MIX.replace('driver = "lpm01a"\nport = "/dev/ttyACM0"', f'driver = "otii-arc"\nport = "{port}"')
    assert text != MIX
    with pytest.raises(
        ConfigurationError, match=r"through its server on the network. Try: tcp://127\.0\.0\.1:1905"
    ):
        load(text)


@pytest.mark.parametrize("port", ["tcp://127.0.0.1:1905", "socket://127.0.0.1:1905", "SOCKET://otii:1905"])
def test_a_server_is_reached_by_either_word_for_a_socket(load, port: str) -> None:
    text = MIX.replace('driver = "lpm01a"\nport = "/dev/ttyACM0"', f'driver = "otii-arc"\nport = "{port}"')
    assert instruments_of(load(text))["psu"].port == port


def test_a_models_name_in_place_of_a_drivers_is_answered_with_the_driver(load) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'dmm7510'\\? It is the driver of that model"):
        load(AMPERE.replace('"dp800"', '"DMM6500"'))


def test_channels_of_one_mainframe_may_share_a_port(load) -> None:
    two = MIX.replace(
        'driver = "lpm01a"\nport = "/dev/ttyACM0"', 'driver = "n6705"\nport = "TCPIP0::192.168.1.20::5025::SOCKET"'
    )
    assert len(build_bench(load(two), "energy").instruments) == 3
    with pytest.raises(ConfigurationError, match="given twice"):
        load(two.replace("options = { channel = 2 }\n", ""))


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ('sampler = "meter:3"', "uses channel 2 on this bench; set options = { channel = 3 }"),
        ('dut = "uno:1"', "no channels"),
    ],
)
def test_a_channel_that_the_instrument_is_not_set_up_for_is_refused(load, role, words) -> None:
    changed = MIX.replace(f'{role.split(" ")[0]} = "{role.split(chr(34))[1].split(":")[0]}"', role)
    assert changed != MIX
    with pytest.raises(ConfigurationError, match=words):
        load(changed)


def test_the_channel_of_the_options_may_be_named_in_a_role(load) -> None:
    assert wiring(load(MIX.replace('sampler = "meter"', 'sampler = "meter:2"')), "energy").sampler == Player(
        "meter", "2"
    )


def test_a_copied_bench_with_ports_put_in_names_what_is_still_virtual(tmp_path):
    """What everybody does first: replace the ports of monitor and IO manager, and forget the DUT's own."""
    file = tmp_path / "mine.toml"
    text = resources.files("energy_runner.bench").joinpath("builtin/virtual-lpm01a.toml").read_text("utf-8")
    for port in ("/dev/ttyACM0", "/dev/ttyACM1"):
        text = text.replace('"virtual"\n', f'"{port}"\n', 1)
    file.write_text(text, "utf-8")
    line = text.splitlines().index("[dut]") + 2
    with pytest.raises(ConfigurationError) as caught:
        load_bench_spec(str(file))
    said = str(caught.value)
    assert said.startswith(
        f"{file}, line {line}: dut.port is still 'virtual', and monitor.port, io_manager.port are real"
    )
    assert said.endswith("or leave out dut.port, because the IO manager relays the DUT's UART")
    file.write_text(text[: text.index("# A port of the DUT's own")], "utf-8")
    assert not load_bench_spec(str(file)).is_virtual


LONG = """
name = "x"
[instruments.meter]
driver = "ideal"
port = "virtual"
[instruments.uno]
driver = "io-manager"
port = "virtual"
[roles]
supply = "meter"
sampler = "meter"
dut = "uno"
{roles}
[supply]
voltage_v = 3.0
"""


def written(tmp_path, roles):
    file = tmp_path / "long.toml"
    file.write_text(LONG.format(roles=roles), "utf-8")
    return str(file)


def test_a_long_form_without_edges_says_which_role_is_missing(tmp_path):
    spec = load_bench_spec(written(tmp_path, ""))
    with pytest.raises(
        ConfigurationError, match=r"\[roles\] does not say .* roles.edges. It could be: meter, uno"
    ):
        wiring(spec, "energy")


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ('edges = "uno"\ncross_check = "uno"', r", line 14: cross_check and edges are both 'uno'"),
        ('supply = "uno"', r", line 13: a key or table is given twice"),
        ('edges = "uno', r", line 13: a quotation mark is missing"),
        ('edgse = "uno"', r"unknown key 'roles.edgse'; did you mean 'edges'.*docs/reference/bench-file.md"),
    ],
)
def test_mistakes_in_the_long_form_have_a_line_and_the_right_example(tmp_path, roles, words):
    with pytest.raises(ConfigurationError, match=words):
        load_bench_spec(written(tmp_path, roles))

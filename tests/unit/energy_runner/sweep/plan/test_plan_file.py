# SPDX-License-Identifier: Apache-2.0
"""A plan is read with its mistakes named by line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.plan import load_plan, plan_from_text, settings_of
from energy_runner.sweep.plan.settings import reference_values

NIGHT = """name = "night"
[axes.voltage]
sets = "voltage"
values = [1.8, 2.5]
[axes.clock]
command = "clock {value}"
values = [48, 64, 80]
"""


def test_every_combination_once_for_each_repeat() -> None:
    plan = plan_from_text("repeats = 2\n" + NIGHT, "night.toml")
    found = sorted((one.repeat, one.values["voltage"], one.values["clock"]) for one in plan.points)
    assert found == [(repeat, volt, clock) for repeat in (1, 2) for volt in (1.8, 2.5) for clock in (48, 64, 80)]
    assert [one.order for one in plan.points] == list(range(1, 13))
    assert sorted(one.number for one in plan.points) == list(range(1, 13))


def test_an_axis_says_what_a_point_sets() -> None:
    plan = plan_from_text(
        NIGHT
        + """[axes.image]
flash = "flash-tool --port 1 {image}"
values = ["a b.elf"]
[settings]
warmups = 3
bench.monitor.sample_rate_hz = 1000
""",
        "night.toml",
    )
    settings = settings_of(plan.spec, {"voltage": 1.8, "clock": 48, "image": "a b.elf"}, seed=7)
    assert settings.short == {"voltage": 1.8}
    assert settings.changes == {"monitor.sample_rate_hz": 1000}
    assert settings.options == {
        "seed": 7,
        "warmups": 3,
        "commands": ["clock 48"],
        "flash": "flash-tool --port 1 {image}",
        "image": "a b.elf",
    }


@pytest.mark.parametrize(
    ("added", "line", "says"),
    [
        ('[axes.v2]\nsets = "voltage"\nvalues = [3.0]\n', 8, "both change voltage"),
        ('[axes.x]\nsets = "voltag"\nvalues = [3.0]\n', 8, "did you mean 'voltage'"),
        ('[axes.x]\nsets = "rate"\nvalues = []\n', 8, "no point"),
        ('[axes.x]\nsets = "rate"\nvalues = [1, 1]\n', 8, "twice"),
        ('[axes.x]\ncommand = "sleep"\nvalues = [1]\n', 8, "nothing reads"),
        ('[axes.x]\nsets = "inferences"\nvalues = [1.5]\n', 8, "a whole number"),
        ('[axes.x]\nsets = "read_back"\nvalues = [1]\n', 8, "true or false"),
        (
            '[axes.x]\nsets = "rate"\nrange = {start = 1, stop = 2, step = -1}\n',
            10,
            "range: step = -1 does not lead",
        ),
        (
            '[axes.x]\nsets = "rate"\nrange = {start = 0, stop = 1, step = 1e-9}\n',
            10,
            "range: step = 1e-09 makes m",
        ),
        ('[axes.x]\nsets = "rate"\nvalues = [1, 1.0]\n', 8, "axes.x: the value 1.0 is given twice"),
        ('[axes.x]\nsets = "rate"\nrange = {start = 1, stop = 2}\n', 10, "either step or count"),
        ("[reference]\nvalues = {volt = 1.8}\nevery_points = 2\n", 9, "did you mean 'voltage'"),
        ("[reference]\nvalues = {voltage = 1.8}\n", 8, "how often"),
        ('[limits]\nnot_before = "25:00"\n', 9, "a time of day"),
        ("[limits]\nhour = 3\n", 9, "did you mean 'hours'"),
        ('[recovery]\nladder = ["pray"]\n', 9, "no step 'pray'"),
        ('[notify]\non = ["never"]\n', 9, "'end' or 'trouble'"),
        ("[settings]\nvoltage = 3.0\n", 2, "[settings]"),
    ],
)
def test_a_mistake_is_named_with_its_line(added: str, line: int, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        plan_from_text(NIGHT + added, "night.toml")
    assert f"night.toml, line {line}" in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ("exclude = [{voltage = [1.8, 2.5]}]\n", "every point is excluded"),
        ("exclude = [{voltage = 9.9}]\n", "nothing is excluded"),
        ("exclude = [{}]\n", "every point"),
        ('zip = [["voltage", "clock"]]\n', "has 2 values and clock has 3"),
        ('zip = [["voltage"]]\n', "two axes"),
        ("include = [{voltage = 3.3}]\n", "clock has none"),
        ('group_by = ["image"]\n', "no axis"),
        ("repeats = 0\n", "repeats"),
        ('name2 = "x"\n', "unknown key"),
        ("repeats = 9999999\n", "repeats"),
    ],
)
def test_what_cannot_be_is_refused(added: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"night\.toml") as refused:
        plan_from_text(added + NIGHT, "night.toml")
    assert says in str(refused.value)


def test_a_zip_changes_axes_together_and_keeps_their_order() -> None:
    text = NIGHT.replace("[48, 64, 80]", "[48, 64]")
    plan = plan_from_text('order = "as-written"\nzip = [["clock", "voltage"]]\n' + text, "night.toml")
    assert [one.values for one in plan.points] == [{"voltage": 1.8, "clock": 48}, {"voltage": 2.5, "clock": 64}]


def test_points_beside_the_combinations_and_left_out() -> None:
    plan = plan_from_text(
        'order = "as-written"\nexclude = [{voltage = 1.8, clock = [64, 80]}]\n'
        "include = [{voltage = 3.3, clock = 100}, {voltage = 2.5, clock = 48}]\n" + NIGHT,
        "night.toml",
    )
    assert [tuple(one.values.values()) for one in plan.points] == [
        (1.8, 48),
        (2.5, 48),
        (2.5, 64),
        (2.5, 80),
        (3.3, 100),
    ]


def test_blocks_hold_each_setting_once_and_groups_stay_together() -> None:
    plan = plan_from_text('repeats = 3\norder = "blocks"\ngroup_by = ["voltage"]\n' + NIGHT, "night.toml")
    for block in range(3):
        points = plan.points[6 * block : 6 * block + 6]
        assert {one.repeat for one in points} == {block + 1}
        volts = [one.values["voltage"] for one in points]
        assert volts in ([1.8] * 3 + [2.5] * 3, [2.5] * 3 + [1.8] * 3)


def test_the_order_depends_on_the_seed_alone() -> None:
    def order(seed: int) -> list[int]:
        return [one.number for one in plan_from_text(f"seed = {seed}\nrepeats = 4\n" + NIGHT, "x").points]

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert order(1) != sorted(order(1))


def test_the_reference_takes_the_first_values_where_it_states_none() -> None:
    plan = plan_from_text(NIGHT + "[reference]\nvalues = {clock = 80}\nevery_hours = 2\n", "x")
    assert reference_values(plan.spec) == {"voltage": 1.8, "clock": 80}


@given(st.integers(1, 40), st.floats(-5, 5, allow_nan=False), st.integers(1, 300))
def test_a_range_of_steps_holds_both_ends(count: int, start: float, thousandths: int) -> None:
    start, step = round(start, 3), thousandths / 1000
    stop = round(start + step * count, 6)
    text = f'name = "r"\n[axes.v]\nsets = "bench.a"\nrange = {{start = {start}, stop = {stop}, step = {step}}}\n'
    values = plan_from_text(text, "x").spec.axes["v"].all_values()
    assert len(values) == count + 1
    assert values[0] == pytest.approx(start)
    assert values[-1] == pytest.approx(stop)


@given(st.text(max_size=200))
def test_hostile_text_is_refused_in_one_line(text: str) -> None:
    try:
        plan_from_text(text, "x")
    except ConfigurationError as error:
        assert "\n" not in str(error)


def test_a_plan_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_plan("nowhere.toml")


def test_a_bench_file_in_place_of_a_plan_is_named_as_one() -> None:
    with pytest.raises(ConfigurationError, match=r"this is a bench file.*PLAN --bench BENCH"):
        plan_from_text('name = "desk"\n[monitor]\ndriver = "lpm01a"\n', "desk.toml")


def test_a_plan_whose_name_is_misspelt_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "night.toml").touch()
    with pytest.raises(ConfigurationError, match=r"did you mean 'night\.toml'"):
        load_plan(tmp_path / "nigth.toml")


def test_a_flashing_command_without_a_file_gets_the_value_as_one_word() -> None:
    text = 'name = "n"\n[axes.config]\nflash = "make flash CONFIG={value}"\nvalues = ["a b", "c; rm"]\n'
    plan = plan_from_text(text, "x")
    found = [settings_of(plan.spec, {"config": value}, seed=0).options["flash"] for value in ("a b", "c; rm")]
    assert found == ["make flash CONFIG='a b'", "make flash CONFIG='c; rm'"]
    assert "image" not in settings_of(plan.spec, {"config": "a b"}, seed=0).options


def test_a_range_of_whole_numbers_in_whole_steps_stays_whole() -> None:
    def values(text: str) -> list[object]:
        return list(
            plan_from_text(f'name = "r"\n[axes.v]\nsets = "bench.a"\nrange = {{{text}}}\n', "x")
            .spec.axes["v"]
            .all_values()
        )

    found = values("start = 10, stop = 25, step = 5")
    assert found == [10, 15, 20, 25]
    assert {type(one) for one in found} == {int}
    assert values("start = 25, stop = 9, step = -8") == [25, 17, 9]
    assert {type(one) for one in values("start = 1.0, stop = 3, step = 1")} == {float}

# SPDX-License-Identifier: Apache-2.0
"""The table of drivers says what ours do; a broken one of another package takes no other with it."""

import re
from importlib import metadata
from importlib.metadata import EntryPoint

import pytest

from energy_runner.api.instruments import driver_facts
from energy_runner.bench.build import build_bench
from energy_runner.bench.spec import BenchSpec
from energy_runner.cli import bench_show
from energy_runner.errors import ConfigurationError
from instruments import registry
from instruments.conformance import on_twin
from instruments.registry import BUILT_IN

GOOD = registry.DriverSpec("acme", "ACME 1", "stream", ("sampler",), "instruments.devices.lpm01a.driver:Lpm01a")
NOT_ONE = "a text"
TAKEN = registry.DriverSpec("lpm01a", "not ST's", "stream", ("sampler",), "nowhere:Nothing")


def explode() -> None:
    raise AssertionError


@pytest.fixture
def others(monkeypatch):
    """Entry points as other packages would have them."""

    def install(**entries: str) -> None:
        found = [EntryPoint(name, value, registry.ENTRY_POINT_GROUP) for name, value in entries.items()]
        monkeypatch.setattr(registry, "entry_points", lambda group: found if group == found[0].group else [])

    return install


def test_a_driver_whose_parts_cannot_be_loaded_is_listed_all_the_same():
    facts = driver_facts(
        registry.DriverSpec("x", "X", "stream", ("sampler",), "nowhere:Nothing", specification="nowhere")
    )
    assert facts["rates"] is None
    assert facts["document"] is None


def test_a_good_driver_is_there(others):
    others(acme=f"{__name__}:GOOD")
    assert registry.drivers()["acme"] is GOOD
    assert registry.broken_drivers() == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("no_such_package.anywhere:DRIVER", "ModuleNotFoundError"),
        (f"{__name__}:MISSING", "AttributeError"),
        (f"{__name__}:NOT_ONE", "not a DriverSpec"),
        (f"{__name__}:TAKEN", "name of a built-in driver"),
    ],
)
def test_a_broken_one_is_named_and_the_others_work(others, value, words, capsys):
    others(broken=value, acme=f"{__name__}:GOOD")
    assert {spec.name for spec in registry.BUILT_IN} | {"acme"} == registry.drivers().keys()
    assert registry.drivers()["lpm01a"].title.startswith("ST ")
    assert words in registry.broken_drivers()["broken"]
    bench_show.instruments_command(search=False, as_json=False)
    shown = capsys.readouterr().out
    assert "acme" in shown
    assert words in " ".join(shown.split())


def test_a_bench_that_asks_for_a_broken_one_is_told_why(others):
    others(broken="no_such_package:DRIVER")
    spec = BenchSpec.model_validate(
        {
            "name": "x",
            "monitor": {"driver": "broken", "port": "/dev/null", "voltage_v": 3.0},
            "dut": {"port": "/dev/zero"},
        }
    )
    with pytest.raises(ConfigurationError, match="ModuleNotFoundError"):
        build_bench(spec, "performance")


SAMPLERS = [spec for spec in BUILT_IN if "sampler" in spec.roles]


@pytest.mark.parametrize("spec", SAMPLERS, ids=lambda spec: spec.name)
def test_what_a_list_says_of_a_sampler_is_what_it_does(spec):
    subject = on_twin(spec)
    instrument, clock = subject.instrument, subject.clock
    instrument.open(clock.deadline(20.0))
    applied = instrument.sampler(subject.channel("sampler")).configure(subject.sampling, clock.deadline(20.0))
    assert tuple(signal.name for signal in applied.signals) == spec.quantities
    assert {signal.kind for signal in applied.signals} == {spec.kind}
    instrument.close()
    if spec.link != "none":
        assert spec.models
        assert spec.ranges
    rates = spec.rates()
    if rates is not None:
        assert 0.999 * rates.least_hz <= 1 / applied.period_s <= 1.001 * rates.most_hz


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_a_library_comes_with_an_extra(spec):
    assert bool(spec.extra) == bool(spec.library)
    assert not spec.extra or spec.extra in metadata.metadata("energy-runner").get_all("Provides-Extra")
    assert all(re.fullmatch("[0-9a-f]{4}:[0-9a-f]{4}", one) for one in spec.usb)

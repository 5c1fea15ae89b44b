# SPDX-License-Identifier: Apache-2.0
"""Every driver of the registry: firmware that is too old is in the record, in the examination and in the facts."""

from dataclasses import replace

import pytest

from energy_runner import api
from energy_runner.api.instruments import instrument_facts
from energy_runner.bench import build_bench
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.director.doctor import examine
from energy_runner.director.stop import StopRequest
from energy_runner.session.events import Remark
from instruments import registry
from instruments.firmware import OldestFirmware
from instruments.registry import BUILT_IN
from tests.support.any_bench import BOX, any_bench
from tests.support.no_report import no_report
from tests.support.small import small_plan

DRIVERS = [spec for spec in BUILT_IN if spec.driver is not None and spec.name != "dut-port"]
NEEDS = OldestFirmware("999.9", "anything", "a test", "a newer one")
LETTERS = replace(NEEDS, version="ZZ.9")


def make_too_old(monkeypatch, name):
    """Let a built-in driver need firmware that no twin has, in numbers and in letters."""
    specs = tuple(replace(spec, oldest=(NEEDS, LETTERS)) if spec.name == name else spec for spec in BUILT_IN)
    monkeypatch.setattr(registry, "BUILT_IN", specs)


@pytest.mark.parametrize("spec", DRIVERS, ids=lambda spec: spec.name)
def test_it_is_said_in_the_record_and_in_the_examination(spec, monkeypatch, tmp_path):
    make_too_old(monkeypatch, spec.name)
    with no_report():
        session = api.run(
            build_bench(any_bench(spec), "energy", seed=3), small_plan(tmp_path / "stimuli"), out=tmp_path / "run"
        )
    said = [event for event in session.journal() if isinstance(event, Remark) and event.box == BOX]
    told = [event for event in said if "or later (a test)" in event.text]
    assert len(told) == 2
    assert sum(event.suspicious for event in told) <= 1  # numbers and letters are never both comparable
    examined = examine(build_bench(any_bench(spec), "energy", seed=3), StopRequest())
    steps = [step for step in examined.steps if step.step.startswith("firmware of")]
    assert {event.text for event in told} <= {step.says for step in steps}
    assert any(not step.ok for step in steps) is any(event.suspicious for event in told)


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_the_facts_of_a_driver_say_the_oldest_or_that_it_is_not_known(spec, capsys):
    facts = instrument_facts(spec.name)
    assert [one["version"] for one in facts["oldest_firmware"]] == [one.version for one in spec.oldest]
    assert run_app(app, ["instruments", "show", spec.name]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("needs firmware")]
    assert all(one.version in line for one in spec.oldest)
    assert ("not known" in line) is not bool(spec.oldest)

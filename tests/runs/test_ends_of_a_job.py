# SPDX-License-Identifier: Apache-2.0
"""Whatever ends a job, the person at the bench is told if the supply may be on, and nothing says the contrary."""

import pytest

from energy_runner import api
from energy_runner.api import runs
from energy_runner.director.hold import hold_bench
from energy_runner.director.supply_off import MAY_BE_ON
from energy_runner.errors import ExitStatus, RunnerError, SessionError
from tests.support.small import small_plan, twin_bench


def unreadable(*_: object, **__: object) -> None:
    raise SessionError("journal.jsonl: cannot be read")


def test_a_session_that_cannot_be_read_after_the_run_is_no_configuration_error(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(runs, "evaluate", unreadable)
    with pytest.raises(RunnerError, match=r"cannot be read; the supply is off") as raised:
        api.run(twin_bench("virtual-lpm01a"), small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert raised.value.status == ExitStatus.BENCH_FAULT  # status 2: nothing was switched on


@pytest.mark.parametrize("where", ["the driver", "the analysis"])
def test_an_unforeseen_error_says_that_the_supply_may_be_on(where, tmp_path, monkeypatch) -> None:
    def mistaken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    bench = twin_bench("virtual-lpm01a")
    bench.twin.world.faults.power_stays_on = True
    if where == "the analysis":
        monkeypatch.setattr(runs, "evaluate", mistaken)
    else:
        monkeypatch.setattr(bench.sampler, "start", mistaken)
    with pytest.raises(ZeroDivisionError) as raised:
        api.run(bench, small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert MAY_BE_ON in "".join(raised.value.__notes__)


def test_where_it_is_off_or_was_never_on_nothing_is_added() -> None:
    for on, off in ((True, True), (False, False)):
        with pytest.raises(ZeroDivisionError) as raised, hold_bench(twin_bench("virtual-lpm01a"), "it"):  # noqa: PT012
            bench = twin_bench("virtual-lpm01a")
            bench.switched_on, bench.off_confirmed = on, off
            raise ZeroDivisionError
        assert not hasattr(raised.value, "__notes__")

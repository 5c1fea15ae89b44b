# SPDX-License-Identifier: Apache-2.0
"""What a plan does to its DUT beforehand: whether the bench can do it, and as facts of the record."""

from typing import Any

from energy_runner.bench import Bench
from energy_runner.director.plan import RunPlan
from energy_runner.director.preparation import Preparation
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.session.record import FlashFacts


def preparation_facts(preparation: Preparation) -> dict[str, Any]:
    """Return the keys of the record's `run` that say what the DUT was to get before its first stimulus."""
    flash, settle = preparation.flash, preparation.settle
    return {
        "commands": list(preparation.commands),
        "flash": FlashFacts(
            command=list(flash.words),
            image=flash.image,
            image_sha256=flash.image_sha256,
            timeout_s=flash.timeout_s,
        )
        if flash is not None
        else None,
        "cool_down_s": preparation.cool_down_s,
        "settle_s": settle.duration_s if settle is not None else None,
        "settle_v": settle.within_v if settle is not None else None,
        "settle_share": settle.within_share if settle is not None else None,
        "settle_timeout_s": settle.timeout_s if settle is not None else None,
    }


def check_bench(bench: Bench, run_plan: RunPlan) -> None:
    """Raise `ConfigurationError` if the plan waits for what nothing on the bench can tell or do."""
    if run_plan.wait_temperature_c is not None and bench.thermometer is None:
        raise ConfigurationError(
            Argument("wait_temperature_c", "{:g} {:g}".format(*run_plan.wait_temperature_c)),
            f": bench '{bench.spec.name}' has no thermometer. Try: give it one, in [roles]",
        )
    wanted = run_plan.preparation
    settle_s = wanted.settle.duration_s if wanted.settle is not None else None
    for name, value in (("cool_down_s", wanted.cool_down_s), ("settle_s", settle_s)):
        if value is not None and bench.supply is None:
            raise ConfigurationError(
                Argument(name, f"{value:g}"),
                f": no instrument of bench '{bench.spec.name}' feeds the DUT. Try: give it a supply, in [roles]",
            )

# SPDX-License-Identifier: Apache-2.0
"""Axes that change something which nothing reads: their points would only look different."""

from collections.abc import Callable, Collection

from energy_runner.sweep.plan.spec import AxisSpec

Test = Callable[[Collection[str], bool], bool]
_ONLY_TWINS: Test = lambda _, virtual: not virtual  # noqa: E731 - a line of the table below
_NOT_ACCURACY: Test = lambda modes, _: set(modes) == {"accuracy"}  # noqa: E731
_ONLY_ENERGY: Test = lambda modes, _: "energy" not in modes  # noqa: E731

# What an axis sets, when nothing reads it, and why.
_TABLE: tuple[tuple[tuple[str, ...], Test, str], ...] = (
    (("model",), _ONLY_TWINS, "only a virtual DUT answers with a model; real ones are flashed"),
    (("seed",), _ONLY_TWINS, "only twins draw errors from a seed"),
    (("inferences", "warmups"), _NOT_ACCURACY, "an accuracy run has neither windows nor warm-up"),
    (("rate", "bench.sampler.", "bench.monitor.sample_rate_hz"), _ONLY_ENERGY, "only energy runs sample"),
    (("bench.dut.energy_baud",), _ONLY_ENERGY, "only energy runs use this speed"),
)


def unread(axis: AxisSpec, modes: Collection[str], *, virtual: bool) -> str:
    """Return why nothing reads what an axis changes, in runs of these modes; "" if something does."""
    if len(axis.all_values()) == 1 and axis.sets is None:
        return ""
    for targets, applies, why in _TABLE:
        if axis.sets is not None and axis.sets.startswith(targets) and applies(modes, virtual):
            return why
    return ""

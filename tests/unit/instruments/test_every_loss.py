# SPDX-License-Identifier: Apache-2.0
"""Every sampler of the registry: a loss is counted exactly, or the driver says that it cannot be."""

import sys
from collections.abc import Sequence
from typing import Any

import pytest

from instruments.conformance import on_twin
from instruments.conformance.helpers import Opened
from instruments.registry import BUILT_IN
from instruments.roles import Lost, Samples, StreamItem, TimeMark

SAMPLERS = [spec for spec in BUILT_IN if "sampler" in spec.roles and spec.driver is not None]
AT_S, LASTS_S = 3.0, 7.0
HIDDEN = "lose_block_at_ns"  # nothing in the stream shows it: where no clock does either, a run's laps have to
KINDS = ("drop_buffer_at_ns", HIDDEN, "drop_sample_every")


def acquired(spec: Any, kind: str = "") -> Sequence[StreamItem]:
    """Return an acquisition of seven seconds on the driver's twin, with one kind of loss in it."""
    subject = on_twin(spec)
    with Opened(lambda: subject) as it:
        it.start()
        if kind:
            value = 100 if kind.endswith("every") else it.clock.now_ns() + round(AT_S * 1e9)
            setattr(subject.pulse.__self__.faults, kind, value)  # type: ignore[attr-defined]
        return [*it.acquire(LASTS_S), *it.stop()]


def received(items: Sequence[StreamItem]) -> int:
    """Return how many samples came, as far as the instrument's own time confirms it, where it states any."""
    end = max((item.at for item in items if isinstance(item, TimeMark)), default=sys.maxsize)
    return sum(max(0, min(item.count, end - item.first)) for item in items if isinstance(item, Samples))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spec", SAMPLERS, ids=lambda spec: spec.name)
def test_a_loss_is_counted_exactly_or_said_to_be_unknown(spec: Any, kind: str) -> None:
    due, items = received(acquired(spec)), acquired(spec, kind)
    lost = [item for item in items if isinstance(item, Lost)]
    gone = due - received(items)
    counted = sum(item.missing for item in lost)
    if gone > 2 and kind != HIDDEN:
        assert lost, f"{gone} of {due} samples are missing, and it says nothing"
    if lost and not any(item.modulo for item in lost):
        assert abs(counted - gone) <= 2, f"{counted} said to be missing exactly, {gone} are"
    for item in lost:
        assert item.modulo >= 0
        assert item.missing >= 1
        assert item.detail

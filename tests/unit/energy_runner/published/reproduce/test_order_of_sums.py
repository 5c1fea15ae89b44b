# SPDX-License-Identifier: Apache-2.0
"""The last digit of an energy depends on the order of its sum; either order counts as reproduced."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.model import EEMBC, EembcTrace, Figure, InferCommand, PublishedSession
from energy_runner.published.reproduce.eembc_printed import energy_figures
from energy_runner.published.reproduce.eembc_windows import cut_windows
from energy_runner.published.reproduce.session import reproduce

STAMPS = [0.0, 1.0, 60.0]


def with_two_sums() -> tuple[np.ndarray, list[Figure], list[Figure]]:  # type: ignore[type-arg]
    for seed in range(200):
        samples = np.random.default_rng(seed).lognormal(8.0, 4.0, 61_000).astype(np.float32)
        pairs, serial = (
            energy_figures(cut_windows(samples, 1000.0, STAMPS, [1], pairwise=pairwise))
            for pairwise in (True, False)
        )
        if pairs != serial:
            return samples, pairs, serial
    raise AssertionError("no sum depends on its order")


@pytest.mark.parametrize("pairwise", [True, False])
def test_a_sum_in_either_order_is_reproduced(pairwise: bool) -> None:
    samples, pairs, serial = with_two_sums()
    published = pairs if pairwise else serial
    trace = EembcTrace(samples, 1000.0, STAMPS)
    command = InferCommand("a", 0, 1, 1, 1, 0)
    session = PublishedSession(
        Path("x"), EEMBC, "energy", "kws01", figures=published, trace=trace, commands=[command]
    )
    assert reproduce(session) == published
    energy = next(figure for figure in published if figure.field == "Energy")
    forged = [replace(one, text="1.000") if one is energy else one for one in published]
    assert reproduce(replace(session, figures=forged)) != forged

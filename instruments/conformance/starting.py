# SPDX-License-Identifier: Apache-2.0
"""The check of how an acquisition begins: at once, or at the first falling edge where that was asked for."""

from dataclasses import replace

from instruments.conformance.hands import Opened, blocks, expect, plays
from instruments.conformance.subject import Make

WAIT_S = 1.0
SLACK = 0.1  # of `WAIT_S`: a start takes some time, and so does fetching the last record


def it_starts_as_it_was_asked(make: Make) -> None:
    """Ask for both settings of `on_edge`, in either order: each holds until the next `configure()`.

    With False samples come at once; with True the sampler says whether it waits for an edge, and does so.
    """
    if not plays(make, "sampler"):
        return
    for order in ((False, True), (True, False)):
        with Opened(make) as it:
            for on_edge in order:
                _begins(it, on_edge=on_edge)


def _begins(it: Opened, *, on_edge: bool) -> None:
    period_s = it.arm(replace(it.subject.sampling, on_edge=on_edge)).period_s
    waits = it.sampler.capabilities.starts_on_edge
    expect(on_edge or not waits, "it says that it starts on an edge, and was asked to start at once")
    if waits:
        early = sum(block.count for block in blocks(it.acquire(WAIT_S)))
        expect(not early, f"{early} samples before the edge that it says it waits for")
        it.subject.pulse()
    began_ns = it.clock.now_ns()
    items = it.acquire(WAIT_S) + it.stop()
    passed_s = (it.clock.now_ns() - began_ns) / 1e9  # stop() may wait for records that are held back
    count = sum(block.count for block in blocks(items))
    asked = "after its edge" if waits else f"without an edge, asked with on_edge = {on_edge}"
    least, most = (1 - SLACK) * WAIT_S, passed_s + SLACK * WAIT_S
    expect(least <= count * period_s <= most, f"{count} samples {asked}, {WAIT_S / period_s:.0f} expected")

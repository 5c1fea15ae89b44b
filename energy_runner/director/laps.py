# SPDX-License-Identifier: Apache-2.0
"""The DUT's own laps against the host's clock: beyond an early wrap, a window lasts an hour or no time."""

from energy_runner.errors import BenchFault
from instruments.clock import NS_PER_S
from instruments.devices.dut.driver import Inference

LAP_WRAP_US = 1 << 32  # what the benchmark's monitor promises: microseconds in 32 bits
# The DUT's clock may be wrong by some percent, and a busy host dates its lines late; a wrap is far beyond that.
SLACK = 2.0
SLACK_S = 2.0
FASTEST_MHZ = 2000.0


def seen_by_host_s(result: Inference) -> float | None:
    """Return how long the inferences took by the host's clock, in seconds; None without the DUT's two lines."""
    start_ns, done_ns = result.answer.at_ns("infer-start"), result.answer.at_ns("infer-done")
    return None if start_ns is None or done_ns is None else (done_ns - start_ns) / NS_PER_S


def check_laps(result: Inference) -> None:
    """Raise `BenchFault` if the time between two laps is not at all what the host saw between the DUT's lines."""
    seen_s = seen_by_host_s(result)
    if len(result.laps_us) != 2 or seen_s is None:
        return
    first_us, last_us = result.laps_us
    lasted_s = ((last_us - first_us) % LAP_WRAP_US) / 1e6
    if seen_s / SLACK - SLACK_S <= lasted_s <= SLACK * seen_s + SLACK_S:
        return
    if last_us >= first_us:
        raise BenchFault(
            f"{result.inferences} inferences took {lasted_s:.6g} s by the DUT's clock, but {seen_s:.3g} s by this "
            "computer's. Try: check that its firmware counts microseconds, and that no counter of 16 bits wraps"
        )
    wraps_us = first_us - last_us + seen_s * 1e6
    clock_mhz = LAP_WRAP_US / wraps_us
    cycles = f" (as 32 bits of cycles at {clock_mhz:.3g} MHz do)" if clock_mhz < FASTEST_MHZ else ""
    raise BenchFault(
        f"the DUT's clock fell from {first_us} to {last_us} us within {seen_s:.3g} s: its counter wraps after "
        f"{wraps_us:.3g} us at the latest instead of 2^32 us{cycles}. "
        "Try: let the firmware count the wraps of its timer, and print microseconds modulo 2^32"
    )

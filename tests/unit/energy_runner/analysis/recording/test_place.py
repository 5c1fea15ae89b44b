# SPDX-License-Identifier: Apache-2.0
"""Host times among samples: the true place lies within the limits, and what contradicts itself is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.recording.place import host_places
from energy_runner.errors import SessionError
from energy_runner.session.events import MonitorConfigured

PERIOD_S = 1e-3
START_NS = 5_000_000_000


def facts(arrivals: list[tuple[int, float]], clock: float | None = 1e-4) -> Facts:
    """Facts with samples that had arrived by so many seconds after the start."""
    terms = [] if clock is None else [{"name": "clock", "relative": clock}]
    found = Facts(
        monitor=MonitorConfigured(
            t_ns=START_NS,
            voltage_set_v=3.0,
            period_s=PERIOD_S,
            signals=[{"name": "current", "unit": "A", "kind": "mean", "period_s": PERIOD_S}],
            captures_edges=False,
            starts_on_edge=False,
            accuracy={"document": "made up", "terms": terms},
        )
    )
    for end, at_s in arrivals:
        found.arrival_ends.append(end)
        found.arrival_times_ns.append(START_NS + round(at_s * 1e9))
    return found


def test_the_place_lies_in_the_middle_of_what_is_known() -> None:
    # 100 samples had arrived after 0.104 s: sample 0 began within the first 4 ms.
    places = host_places(facts([(50, 0.060), (100, 0.104), (150, 0.160)]), START_NS)
    assert places.shared == pytest.approx(2.0)
    assert places.at(START_NS + 104_000_000) == pytest.approx(102.0)
    assert places.drifted(START_NS + 104_000_000) == 0.0
    assert places.drifted(START_NS + 1_104_000_000) == pytest.approx(2e-4 * 1000)
    assert host_places(facts([(100, 0.104)], clock=None), START_NS).drift > 1e-3


@given(
    delay_s=st.floats(0.0, 0.02),
    drift=st.floats(-1e-4, 1e-4),
    latencies=st.lists(st.floats(0.0, 0.05), min_size=1, max_size=30),
    asked_s=st.floats(0.0, 3.0),
)
def test_the_true_place_is_within_the_limits(
    delay_s: float, drift: float, latencies: list[float], asked_s: float
) -> None:
    true_s = PERIOD_S * (1 + drift)

    def place(at_s: float) -> float:
        return (at_s - delay_s) / true_s

    arrivals = []
    for k, latency_s in enumerate(latencies):
        end = 10 * (k + 1)
        arrivals.append((end, delay_s + end * true_s + latency_s))
    arrivals.sort(key=lambda one: one[1])
    places = host_places(facts(arrivals), START_NS)
    at_ns = START_NS + round(asked_s * 1e9)
    limit = places.shared + places.drifted(at_ns) + 0.01
    assert abs(places.at(at_ns) - place(asked_s)) <= limit


def test_no_samples_and_too_many_samples_are_refused() -> None:
    with pytest.raises(SessionError, match="no sample arrived"):
        host_places(facts([]), START_NS)
    with pytest.raises(SessionError, match="more than there can be"):
        host_places(facts([(1000, 0.5)]), START_NS)

# SPDX-License-Identifier: Apache-2.0
"""The text of a limit: what is read, what comes back, and what is refused with advice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.against.limit import QUANTITIES, Limit, parse_limit
from energy_runner.errors import ConfigurationError

READ = {
    "energy_per_inference +2%": Limit("energy_per_inference", 1, 0.02, relative=True),
    "  energy-per-inference  +  2.5 % ": Limit("energy_per_inference", 1, 0.025, relative=True),
    "energy per inference +3uJ": Limit("energy_per_inference", 1, 3e-6, relative=False),
    "energy_per_inference +3 \u03bcJ": Limit("energy_per_inference", 1, 3e-6, relative=False),
    "throughput -1%": Limit("throughput", -1, 0.01, relative=True),
    "throughput \u2212.5%": Limit("throughput", -1, 0.005, relative=True),
    "throughput -2/s": Limit("throughput", -1, 2.0, relative=False),
    "latency ±1e-1ms": Limit("latency", 0, 1e-4, relative=False),
    "latency +-3%": Limit("latency", 0, 0.03, relative=True),
    "latency +/-3%": Limit("latency", 0, 0.03, relative=True),
    "energy_delay_product +0%": Limit("energy_delay_product", 1, 0.0, relative=True),
    "accuracy -0.5": Limit("accuracy", -1, 0.5, relative=False),
}
REFUSED = {
    "": "energy_per_inference +2%",
    "energy_per_inference": "is no limit",
    "energy_per_inference 2%": "is no limit",
    "energy_per_inference +2,5%": "decimal point",
    "energy_per_inference +2": "%",
    "energy_per_inference +2 ms": "%",
    "energy_per_inference +nan%": "is no limit",
    "energy_per_inference +1e999%": "too large",
    "energy_per_inference -2%": "energy_per_inference +2%",
    "throughput +1%": "throughput -1%",
    "throughput -100%": "would never fail",
    "throughput -2e3 %": "would never fail",
    "accuracy -1%": "without unit",
    "energi +2%": "unknown quantity",
    "energy_per_inference +2% or so": "is no limit",
    "x" * 5000: "is no limit",
    "energy_per_inference +\u0662%": "is no limit",
}


@pytest.mark.parametrize("text", READ)
def test_a_limit_is_read(text: str) -> None:
    assert parse_limit(text) == READ[text]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:30])
def test_anything_else_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_limit(text)
    assert REFUSED[text] in str(refused.value)
    assert len(str(refused.value)) < 400


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    name = draw(st.sampled_from(sorted(QUANTITIES)))
    kind = QUANTITIES[name]
    relative = kind.relative and draw(st.booleans())
    direction = draw(st.sampled_from([kind.worse, 0]))
    most = (0.99 if direction < 0 else 0.99e4) if relative else 0.999e6
    amount = draw(st.floats(0.0, most, allow_subnormal=False))
    return Limit(name, direction, float(f"{amount:.9g}"), relative)


@given(limits())
def test_a_limit_as_text_is_the_same_limit(limit: Limit) -> None:
    again = parse_limit(str(limit))
    assert (again.quantity, again.direction, again.relative) == (limit.quantity, limit.direction, limit.relative)
    assert again.amount == pytest.approx(limit.amount, rel=1e-9, abs=1e-300)


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[a-z_]{0,22} ?[-+±]{0,2} ?[0-9.e,]{0,8} ?[%a-zA-Zµ/]{0,3}"))
)
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        limit = parse_limit(text)
    except ConfigurationError as error:
        assert "Try:" in str(error) or "too large" in str(error)
    else:
        assert limit.amount >= 0

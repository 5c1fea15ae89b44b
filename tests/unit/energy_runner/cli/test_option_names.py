# SPDX-License-Identifier: Apache-2.0
"""Messages name Python's arguments in Python and options on the command line."""

import pytest

import energy_runner as er
from energy_runner.cli.option_names import with_options
from energy_runner.errors import ConfigurationError
from tests.support.synthetic import make_run


@pytest.mark.parametrize(
    ("options", "said", "shown"),
    [
        ({}, "neither was given. Try: per_hour=60, or period_s=60", "Try: --per-hour 60, or --period-s 60"),
        ({"per_hour": 0}, "per_hour = 0: must be", "--per-hour 0: must be greater than zero"),
        ({"per_hour": 60, "between": "nap"}, "between = 'nap': is not", "--between 'nap': is not one of"),
        ({"per_hour": 60, "between": "sleep"}, "Try: rest_w=W", "Try: --rest-uw UW with"),
    ],
)
def test_use(options, said, shown, tmp_path):
    session = make_run().write(tmp_path / "s")
    with pytest.raises(ConfigurationError) as raised:
        er.use(session, **options)
    assert said in str(raised.value)
    assert "--" not in str(raised.value)
    assert shown in with_options(str(raised.value))


def test_a_battery_and_plans(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"capacity .* must be 0 or more, not -2"):
        er.battery(-2, 3)
    with pytest.raises(ConfigurationError, match="needs the id of a benchmark, not int"):
        er.plan(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"Try: mode=accuracy") as raised:
        er.plan("demo-keywords", limit=3)
    assert with_options(str(raised.value)).endswith("Try: --mode accuracy")
    with pytest.raises(ConfigurationError, match=r"Try: stimuli=DIR;") as raised:
        er.plan("kws01")
    assert "Try: --stimuli DIR;" in with_options(str(raised.value))

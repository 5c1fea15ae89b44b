# SPDX-License-Identifier: Apache-2.0
"""Which roles a driver plays, by its options."""

import pytest

from instruments.driver_spec import DriverSpec, RoleChange

SPEC = DriverSpec(
    name="box",
    title="Box",
    link="none",
    roles=("supply", "sampler"),
    changes=(
        RoleChange("mode", "ampere", loses=("supply",)),
        RoleChange("pin", True, gains=("edges",)),
        RoleChange("mode", "both", gains=("switch",), loses=("sampler",)),
    ),
)


@pytest.mark.parametrize(
    ("options", "played"),
    [
        ({}, ("supply", "sampler")),
        ({"mode": "source", "pin": False}, ("supply", "sampler")),
        ({"mode": "ampere"}, ("sampler",)),
        ({"pin": True}, ("supply", "sampler", "edges")),
        ({"mode": "ampere", "pin": True}, ("sampler", "edges")),
        ({"mode": "both"}, ("supply", "switch")),
    ],
)
def test_options_change_the_roles(options: dict[str, object], played: tuple[str, ...]) -> None:
    assert SPEC.plays(options) == played


def test_the_changes_that_were_made_can_be_told() -> None:
    assert [one.option for one in SPEC.changes_by({"mode": "ampere", "pin": False})] == ["mode"]

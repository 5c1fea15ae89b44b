# SPDX-License-Identifier: Apache-2.0
"""The tables of instruments are found by the names of their drivers, and read as data."""

import pytest

from energy_runner.analysis.uncertainty.inputs import Limits
from energy_runner.specifications import as_specification, table_names, table_of, without_table
from instruments.registry import drivers


def test_every_sampler_with_a_table_is_known_by_the_name_of_its_driver() -> None:
    assert {"lpm01a", "ppk2", "js220", "n6705", "ngu", "ngm", "otii-arc", "otii-ace"} <= set(table_names())
    for name in table_names():
        table = table_of(name)
        assert table is not None
        assert Limits.of(as_specification(table)).document, name


@pytest.mark.parametrize("name", ["", "none", "..", "../otii", "ppk2/", "PPK2"])
def test_other_names_have_none(name: str) -> None:
    assert table_of(name) is None


def test_without_a_table_nothing_is_stated() -> None:
    limits = Limits.of(without_table("no table"))
    assert (limits.terms, limits.assumptions, limits.without_error) == ([], ["no table"], False)


def test_the_names_are_those_of_drivers() -> None:
    names = set(drivers())
    assert set(table_names()) <= names | {"otii-arc", "otii-ace"}

# SPDX-License-Identifier: Apache-2.0
"""Libraries of the extra are named with their remedy where they lack; templates are part of the package."""

from importlib.resources import files

import pytest

from energy_runner.certificate.needed import needed_module
from energy_runner.errors import ConfigurationError


def test_a_library_that_lacks_is_named_with_its_remedy() -> None:
    with pytest.raises(ConfigurationError, match=r"no_such_library.*pip install 'energy-runner\[certificates\]'"):
        needed_module("no_such_library.part")


def test_the_templates_are_in_the_package() -> None:
    names = {one.name for one in (files("energy_runner.certificate.document") / "template").iterdir()}
    assert names >= {"main.typ", "front.typ", "blocks.typ", "plot.typ", "style.typ"}

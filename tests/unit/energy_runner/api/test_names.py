# SPDX-License-Identifier: Apache-2.0
"""The API's names: its table, its rooms and the package say the same, and each can be used."""

import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import energy_runner as er
from energy_runner import api
from tests.support.places import ROOT

ROOMS = sorted({api._ROOM_OF[name] for name in api.__all__})


@pytest.mark.parametrize("room", ROOMS)
def test_the_table_lists_what_a_room_exports(room):
    exported = import_module(f"energy_runner.api.{room}").__all__
    assert sorted(name for name in api.__all__ if api._ROOM_OF[name] == room) == sorted(exported)


def test_the_stub_for_type_checkers_names_every_room():
    stub = (ROOT / "energy_runner" / "api" / "__init__.pyi").read_text("utf-8")
    assert [f"from energy_runner.api.{room} import *" for room in ROOMS] == [
        line for line in stub.splitlines() if line.startswith("from ")
    ]
    assert "from energy_runner.api import *" in (ROOT / "energy_runner" / "__init__.pyi").read_text("utf-8")


@pytest.mark.parametrize("name", api.__all__)
def test_every_name_resolves_and_is_described(name):
    thing = getattr(er, name)
    assert thing is getattr(api, name)
    assert inspect.getdoc(thing)


def test_no_module_hides_a_name():
    """A submodule that was imported becomes an attribute of its package, in place of a function called so."""
    modules = {module.name for module in pkgutil.iter_modules(api.__path__)}
    rooms = {module.name for module in pkgutil.iter_modules(er.__path__)}
    assert not (modules | rooms) & set(api.__all__)


def test_completion_offers_the_names_and_a_wrong_one_is_an_attribute_error():
    assert set(api.__all__) <= set(dir(er))
    assert set(dir(api)) == set(api.__all__)
    for package in (er, api):
        with pytest.raises(AttributeError, match="no attribute 'mesure'"):
            package.mesure  # noqa: B018 - looking it up is the test
    assert er.__version__


def test_the_package_alone_loads_nothing_heavy():
    code = (
        "import sys, energy_runner as er; dir(er); print([n for n in ('numpy', 'pydantic') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

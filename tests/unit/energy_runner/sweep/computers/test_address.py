# SPDX-License-Identifier: Apache-2.0
"""Addresses of schedulers."""

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.computers import address
from energy_runner.sweep.computers.address import scheduler_at


@pytest.mark.parametrize(
    ("given", "taken", "host"),
    [
        ("dask://pc1:8786", "tcp://pc1:8786", "pc1"),
        ("dask://192.168.7.1:8786/", "tcp://192.168.7.1:8786", "192.168.7.1"),
        ("dask://[fe80::1]:8786", "tcp://[fe80::1]:8786", "fe80::1"),
        ("dask+tls://pc1.lab:1", "tls://pc1.lab:1", "pc1.lab"),
    ],
)
def test_an_address(given: str, taken: str, host: str) -> None:
    found = scheduler_at(given)
    assert (found.address, found.host, found.secure) == (taken, host, given.startswith("dask+tls"))


@pytest.mark.parametrize(
    "given",
    [
        "pc1:8786",
        "dask://pc1",
        "tcp://pc1:8786",
        "dask://pc1:0",
        "dask://pc1:65536",
        "dask://a b:1",
        "",
        "dask://:1",
    ],
)
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(ConfigurationError, match="must be dask://HOST:PORT"):
        scheduler_at(given)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'energy-runner\[dask\]'"):
        scheduler_at("dask://pc1:8786")

# SPDX-License-Identifier: Apache-2.0
"""What is no file is refused; nothing is waited for."""

import os
import sys
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.errors import RunnerError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["certificate.pdf", "other.json"])
def test_a_pipe_in_place_of_a_certificate_is_refused(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(RunnerError, match=name):
        api.verify_certificate(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_beside_a_certificate_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "certificate.json").write_text("{}")
    os.mkfifo(tmp_path / "certificate.pdf")
    found = api.verify_certificate(tmp_path / "certificate.json")
    assert not found.holds

# SPDX-License-Identifier: Apache-2.0
"""Sessions recorded long ago still give the same result, byte for byte, on any machine."""

import pytest

from energy_runner.rules import evaluate
from energy_runner.session.folder import Session, json_bytes
from tests.support.make_golden import FOLDER, GOLDEN


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_session_gives_its_golden_result(name: str) -> None:
    folder = FOLDER / name
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert json_bytes(evaluate(Session.open(folder))) == before["result.json"]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before  # reading changes nothing


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_result_is_valid_and_close_to_what_it_was_made_from(name: str) -> None:
    result = Session.open(FOLDER / name).result()
    assert result.valid
    assert result.energy_per_inference_j is not None
    assert result.energy_per_inference_j.median == pytest.approx(0.040 * 10.3 / 100, rel=1e-3)

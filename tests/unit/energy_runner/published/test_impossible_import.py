# SPDX-License-Identifier: Apache-2.0
"""A sample that cannot be withholds its window in a session of another runner, too."""

import struct
from pathlib import Path

import pytest

from energy_runner.published.importing import import_session
from energy_runner.rules import evaluate
from energy_runner.session.result import Result
from tests.support.published_sessions import Eembc, write_eembc

HEAD_BYTES = 5  # before the samples of `trace1-energy.bin`


def result_with(folder: Path, value_uj: float | None) -> Result:
    """Import a session of a shield whose second window holds one sample of another value."""
    made = Eembc()
    source = write_eembc(folder / "kws/energy", made)
    if value_uj is not None:
        file = source / "trace1-energy.bin"
        data = bytearray(file.read_bytes())
        middle = round((made.edges()[3] + 5) * 1000)
        struct.pack_into("<f", data, HEAD_BYTES + 4 * middle, value_uj)
        file.write_bytes(data)
    return evaluate(import_session(source, folder / "out"))


@pytest.mark.parametrize(
    ("value_uj", "why"),
    [
        (-45.0, "below zero by more than offset and noise"),  # a sign
        (142.0, "where 0.0001418 J is the most there can be"),  # 79 mA at 1.8 V; a shield gives 75
        (None, ""),
        (135.0, ""),  # an inrush, three times its neighbours
    ],
)
def test_one_sample_that_cannot_be_withholds_its_window(value_uj: float | None, why: str, tmp_path: Path) -> None:
    result = result_with(tmp_path, value_uj)
    told = [(one.window, one.detail) for one in result.findings if one.id == "samples-impossible"]
    assert [window.energy_j is None for window in result.windows] == [False, bool(why), False, False, False]
    assert (result.energy_per_inference_j is None) is bool(why)
    assert [window for window, _ in told] == ([1] if why else [])
    assert all(why in detail for _, detail in told)

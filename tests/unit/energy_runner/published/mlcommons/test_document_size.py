# SPDX-License-Identifier: Apache-2.0
"""`results.json` that would fill the memory is refused before it is parsed, and absurd numbers are no crash."""

import tracemalloc
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.audit import audit
from energy_runner.published.mlcommons.document import parse_passes
from tests.support import forgeries as forge
from tests.support.published_sessions import write_eembc, write_mlcommons

PASS = b'{"infer":{"iterations":1}}'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"[" + b",".join([PASS] * 900_000) + b"]", r".*\(1800000 signs '{', where no session has more"),
        (b"[" + b",".join([b"[]"] * 3_000_000) + b"]", r".*\(3000001 signs '\[', where"),
        (b'[{"power":{"samples":[' + b"0," * 12_000_000 + b"0]}}]", r".*\(12000000 signs ',', where"),
        (b"[" + b",".join([PASS] * 60_001) + b"]", "more than 60000 passes, which no session has"),
    ],
    ids=["passes", "lists", "samples", "one too many"],
)
def test_what_no_session_has_is_refused_at_little_memory(data: bytes, why: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(SessionError, match=rf"results\.json: {why}"):
            parse_passes(data, "results.json")
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


def test_a_sample_beyond_every_float_of_ours_is_infinite(tmp_path: Path) -> None:
    folder = write_mlcommons(tmp_path / "kws/energy")

    def huge(passes: list[dict[str, dict[str, list[float]]]]) -> None:
        passes[0]["power"]["samples"][0] = 1e308

    forge.passes(huge)(folder)
    (row,) = audit([folder])
    assert (row.state, row.findings[0].text) == ("doubtful", "0 samples are NaN and 1 infinite")


@pytest.mark.parametrize("count", ["9" * 4000, "\u00b2\u00b2", "-5", "", "1e3"])
def test_a_setting_that_is_no_number_of_inferences_is_not_compared(tmp_path: Path, count: str) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    forge.replaced("log.txt", r"key\[runMode\]-val\[bmark\]", f"key[iterInfer]-val[{count}]")(folder)
    (row,) = audit([folder])
    assert (row.state, row.findings) == ("holds", [])

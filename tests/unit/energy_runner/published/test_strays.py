# SPDX-License-Identifier: Apache-2.0
"""What lies beside a session and is not read neither excuses nor accuses it; what is read does."""

from pathlib import Path

import pytest

from energy_runner.published.audit import audit
from tests.support import forgeries as forge
from tests.support.published_sessions import Eembc, write_eembc, write_mlcommons, write_performance

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n"
LAPS = [(k * 20_000_000, k * 20_000_000 + 11_700_000) for k in range(5)]


def link(folder: Path, name: str) -> None:
    (folder / name).symlink_to("/etc/hostname")


STRAYS = {
    "a pointer": forge.written("trace1-energy.bin", POINTER),
    "an archive by its content": forge.written("trace1-energy.bin", b"PK\x03\x04"),
    "a link out": lambda folder: link(folder, "trace2-energy.bin"),
    "a script that is a link out": lambda folder: link(folder, "old_script.txt"),
}


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_file_takes_nothing_from_a_good_session(tmp_path: Path, name: str) -> None:
    folder = write_performance(tmp_path / "kws/performance", LAPS)
    STRAYS[name](folder)
    (row,) = audit([folder])
    assert row.state == "holds"
    assert {one.severity for one in row.findings} == {"informs"}


@pytest.mark.parametrize("name", STRAYS)
def test_a_stray_file_excuses_no_broken_rule(tmp_path: Path, name: str) -> None:
    short = [(start_us, start_us + 9_000_000) for start_us, _ in LAPS]
    folder = write_performance(tmp_path / "kws/performance", short)
    STRAYS[name](folder)
    (row,) = audit([folder])
    assert (row.state, row.findings[0].id) == ("breaks-a-rule", "window-length")


def test_a_pointer_in_place_of_what_is_read_decides(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    forge.written("trace1-energy.bin", POINTER)(folder)
    (row,) = audit([folder])
    assert (row.state, row.findings[0].id) == ("cannot-be-judged", "lfs-pointer")


def test_a_line_that_reads_like_a_figure_and_is_none_makes_results_doubtful(tmp_path: Path) -> None:
    folder = write_mlcommons(tmp_path / "kws/energy")
    forge.appended("results.txt", "Device 5 on COM3\n")(folder)
    (row,) = audit([folder])
    assert row.state == "holds"
    forge.appended("results.txt", "Median energy cost : 200.0000 uJ/inf.\n")(folder)
    (row,) = audit([folder])
    assert (row.state, row.findings[0].id) == ("doubtful", "results-garbled")


def test_a_trace_that_repeats_otherwise_than_is_stated_is_doubtful(tmp_path: Path) -> None:
    """Each inference of 100 ms has a shape of its own; 130 are stated everywhere, 100 are there."""

    class Shaped(Eembc):
        def samples(self) -> list[float]:
            plain = super().samples()
            return [
                value + (round(at * 37 % 11) * 0.01 + (8.0 if at % 100 < 30 else 0.0) if value > 40 else 0.0)
                for at, value in enumerate(plain)
            ]

    folder = write_eembc(tmp_path / "kws/energy", Shaped(period_s=(0.1,) * 5, inferences=130))
    (row,) = audit([folder])
    assert row.state == "holds", [one.text for one in row.findings]
    folder = write_eembc(tmp_path / "other/kws/energy", Shaped(period_s=(0.13,) * 5, inferences=100))
    (row,) = audit([folder])
    assert (row.state, row.findings[0].id) == ("doubtful", "repeats-contradict"), row.findings
    assert row.findings[0].text == (
        "the trace of a window repeats more often than as many inferences would: 129.971 found, 100 stated"
    )

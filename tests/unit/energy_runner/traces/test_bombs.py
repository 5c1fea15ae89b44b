# SPDX-License-Identifier: Apache-2.0
"""Small files that unpack to absurdly much, and XML of strangers: refused before they fill memory or disk."""

import lzma
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.traces import archives
from energy_runner.traces.logic import edges_of
from energy_runner.traces.readers import dlog
from tests.support.trace_files import binaries, texts
from tests.support.trace_files.reading import read
from tests.support.trace_files.wave import Wave


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "BOMB_BYTES", 1 << 16)
    monkeypatch.setattr(dlog, "_XZ_FREE", 1 << 16)


@pytest.mark.usefixtures("small")
def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SessionError, match=r"'session.raw' would unpack from \d+ to \d+ bytes, which no recording"
    ):
        read(binaries.write_ppk2(tmp_path / "b.ppk2", Wave(100_000.0)))
    with pytest.raises(SessionError, match="which no recording does"):
        edges_of(binaries.write_sr(tmp_path / "b.sr", Wave(1_000_000.0)), "D1")


@pytest.mark.usefixtures("small")
def test_an_xz_bomb_is_refused(tmp_path: Path) -> None:
    head = binaries.dlog_bytes(Wave())
    path = tmp_path / "b.dlog.xz"
    path.write_bytes(lzma.compress(head + b"\0" * 10_000_000))
    with pytest.raises(SessionError, match=r"unpacks from .* which no recording does"):
        read(path)


def test_an_xz_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = binaries.write_dlog(tmp_path / "a.dlog.xz")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(SessionError, match="cut off"):
        read(path)


def test_a_member_that_claims_another_size_is_refused(tmp_path: Path) -> None:
    path = binaries.with_claimed_size(binaries.write_ppk2(tmp_path / "a.ppk2"), "session.raw", 6_000)
    with pytest.raises(SessionError, match=r"'session.raw' is damaged"):
        read(path)


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    path = binaries.zipped(tmp_path / "a.ppk2", {f"f{k}": b"" for k in range(5000)})
    with pytest.raises(SessionError, match="holds 5000 files or more"):
        read(path)


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ([], "samplesPerSecond is 'None'"),
        ({"metadata": {"samplesPerSecond": 0}}, "samplesPerSecond is '0'"),
        ({"metadata": {"samplesPerSecond": True}}, "samplesPerSecond is 'True'"),
        ({"metadata": {"samplesPerSecond": "many"}}, "samplesPerSecond is 'many'"),
        ({"metadata": 3}, "samplesPerSecond"),
    ],
)
def test_metadata_that_state_no_rate(metadata: object, words: str, tmp_path: Path) -> None:
    with pytest.raises(SessionError, match=words):
        read(binaries.write_ppk2(tmp_path / "a.ppk2", metadata=metadata))


def test_deep_metadata_are_no_json(tmp_path: Path) -> None:
    path = binaries.zipped(tmp_path / "a.ppk2", {"metadata.json": b"[" * 100_000, "session.raw": b""})
    with pytest.raises(SessionError, match="is no JSON document"):
        read(path)


XML = {
    "entities": (b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><dlog>&b;</dlog>\n', "declares entities"),
    "depth": (b"<dlog>" + b"<a>" * 20_000 + b"</dlog>\n", "nested deeper than 32"),
    "no end": (b"<dlog>" + b"x" * 3_000_000, "does not end with </dlog>"),
    "damage": (b"<dlog><a></b></dlog>\n", "damaged"),
    "no interval": (b"<dlog><frame></frame></dlog>\n", "frame/tint is ''"),
    "no channel": (b"<dlog><frame><tint>1e-3</tint></frame></dlog>\n", "channels with a current are none"),
}


@pytest.mark.parametrize("what", XML)
def test_headers_of_strangers(what: str, tmp_path: Path) -> None:
    data, words = XML[what]
    path = tmp_path / "a.dlog"
    path.write_bytes(data)
    with pytest.raises(SessionError, match=words):
        read(path)


def test_an_archive_without_its_samples(tmp_path: Path) -> None:
    path = binaries.zipped(tmp_path / "a.ppk2", {"metadata.json": b'{"metadata": {"samplesPerSecond": 1000}}'})
    with pytest.raises(SessionError, match=r"holds no 'session.raw', only metadata.json"):
        read(path)


def test_a_jls_that_was_not_closed_is_not_repaired_in_place(tmp_path: Path) -> None:
    path = binaries.write_jls(tmp_path / "a.jls")
    path.write_bytes(path.read_bytes()[:-200])
    before = path.read_bytes()
    with pytest.raises(SessionError, match="was not closed"):
        read(path)
    assert path.read_bytes() == before


def test_an_endless_line_of_a_vcd(tmp_path: Path) -> None:
    path = texts.write_vcd(tmp_path / "a.vcd")
    path.write_bytes(path.read_bytes() + b"0" * 200_000)
    with pytest.raises(SessionError, match=r"line \d+ has no end within 65536 bytes"):
        edges_of(path, "D0")

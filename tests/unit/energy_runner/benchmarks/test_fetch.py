# SPDX-License-Identifier: Apache-2.0
"""Fetching stimuli from a real HTTP server, from folders and from hostile archives."""

import hashlib
import http.server
import io
import socket
import tarfile
import threading
import zipfile
from functools import partial
from pathlib import Path

import pytest

from energy_runner.benchmarks import archives
from energy_runner.benchmarks import fetch as fetching
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.download import Limits
from energy_runner.benchmarks.fetch import digest_of, fetch
from energy_runner.benchmarks.labels import read_labels
from energy_runner.errors import ConfigurationError
from tests.support.stimuli_source import FILES, LABELS, write_source

KWS = load_benchmark("kws01")


@pytest.fixture(autouse=True)
def _nothing_is_pinned(monkeypatch):
    monkeypatch.setattr(fetching, "_pins", dict)


@pytest.fixture
def folder(tmp_path):
    return write_source(tmp_path / "source")


@pytest.fixture
def server(folder):
    """The folder on the web; `asked` holds the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    httpd.daemon_threads = False
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}", asked
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def whole(out) -> bool:
    return (out / "y_labels.csv").read_bytes() == LABELS and all(
        (out / name).read_bytes() == data for name, data in FILES.items()
    )


def test_from_the_web(server, tmp_path):
    url, asked = server
    seen = []
    fetched = fetch(KWS, url, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert whole(tmp_path / "out")
    assert (fetched.stimuli, fetched.came, fetched.were_there) == (4, 4, 0)
    assert seen[0] == (0, 4)
    assert seen[-1] == (4, 4)
    assert not fetched.stimuli_pinned
    assert len(asked) == 5


def test_what_is_there_is_not_fetched_again(server, tmp_path):
    url, asked = server
    out = tmp_path / "out"
    out.mkdir()
    (out / "s0.bin").write_bytes(FILES["s0.bin"])
    (out / "s1.bin").write_bytes(b"half")
    fetched = fetch(KWS, url, out)
    assert whole(out)
    assert fetched.came == 3
    assert "/s0.bin" not in asked


def test_a_file_that_is_not_there_and_then_is(server, folder, tmp_path):
    (folder / "s2.bin").rename(folder / "away")
    with pytest.raises(ConfigurationError, match=r"/s2\.bin: the server answered 404"):
        fetch(KWS, server[0], tmp_path / "out")
    assert not (tmp_path / "out" / "y_labels.csv").exists()  # so a run does not take it for whole
    (folder / "away").rename(folder / "s2.bin")
    assert fetch(KWS, server[0], tmp_path / "out").came == 2
    assert whole(tmp_path / "out")


def half_answer(part: bytes):
    """A server that promises more than it sends, or sends nothing at all; return its URL and an undo."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connections = []
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                break
            connection.recv(4096)
            if part:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 490\r\n\r\n" + part)
                connection.close()
            else:
                connections.append(connection)
        for connection in connections:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()

    def close() -> None:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", close


def test_a_transfer_that_breaks_off_leaves_nothing(tmp_path):
    url, close = half_answer(b"half")
    try:
        with pytest.raises(ConfigurationError, match="cannot be fetched"):
            fetch(KWS, url, tmp_path / "out")
    finally:
        close()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_silent_server_is_given_up(tmp_path):
    url, close = half_answer(b"")
    try:
        with pytest.raises(ConfigurationError, match=r"the server was silent for 0\.3 s"):
            fetch(KWS, url, tmp_path / "out", limits=Limits(silence_s=0.3))
    finally:
        close()


def test_nobody_answers(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be fetched"):
        fetch(KWS, "http://127.0.0.1:9/kws01", tmp_path / "out")


def test_from_a_folder(folder, tmp_path):
    assert fetch(KWS, str(folder), tmp_path / "out").came == 4
    assert whole(tmp_path / "out")


@pytest.mark.parametrize(("size", "said"), [(489, "has 489 bytes"), (491, "has more than 490 bytes")])
def test_a_stimulus_of_another_size_is_refused(folder, size, said, tmp_path):
    (folder / "s3.bin").write_bytes(bytes(size))
    with pytest.raises(ConfigurationError, match=said):
        fetch(KWS, str(folder), tmp_path / "out")


def test_hashes_where_they_are_known(folder, tmp_path, monkeypatch):
    labels = hashlib.sha256(LABELS).hexdigest()
    stimuli = digest_of(folder, read_labels(folder / "y_labels.csv", KWS))
    monkeypatch.setattr(fetching, "_pins", lambda: {"kws01": {"labels": labels, "stimuli": stimuli}})
    assert fetch(KWS, str(folder), tmp_path / "good").stimuli_pinned
    (folder / "s1.bin").write_bytes(bytes(490))
    with pytest.raises(ConfigurationError, match="not the official stimuli"):
        fetch(KWS, str(folder), tmp_path / "bad")
    assert not (tmp_path / "bad" / "y_labels.csv").exists()
    (folder / "y_labels.csv").write_bytes(LABELS + b"s9.bin,12,1\n")
    with pytest.raises(ConfigurationError, match="not the official one of kws01"):
        fetch(KWS, str(folder), tmp_path / "worse")


# --- archives ---------------------------------------------------------------------------------------------------


def zipped(path, members: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return str(path)


def tarred(path, members: dict[str, bytes], more: tuple[tarfile.TarInfo, ...] = ()) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return str(path)


GOOD = {f"set/kws01/{name}": data for name, data in {"y_labels.csv": LABELS, **FILES}.items()}


@pytest.mark.parametrize("pack", [partial(zipped), partial(tarred)])
def test_from_an_archive(pack, tmp_path):
    name = "set.zip" if pack.func is zipped else "set.tar.gz"
    fetch(KWS, pack(tmp_path / name, GOOD), tmp_path / "out")
    assert whole(tmp_path / "out")


def test_from_an_archive_on_the_web(server, folder, tmp_path):
    zipped(folder / "set.zip", GOOD)
    fetch(KWS, f"{server[0]}/set.zip", tmp_path / "out")
    assert whole(tmp_path / "out")


def test_members_that_want_to_be_elsewhere_are_not_put_there(tmp_path):
    evil = {"../../evil.bin": b"x", "/etc/evil.bin": b"x", "set/kws01/../../evil2.bin": b"x"}
    link = tarfile.TarInfo("set/kws01/s9.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    fetch(KWS, tarred(tmp_path / "set.tar.gz", GOOD | evil, (link,)), tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*FILES, "y_labels.csv"])
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_is_no_stimulus(tmp_path):
    members = {name: data for name, data in GOOD.items() if not name.endswith("s3.bin")}
    link = tarfile.TarInfo("set/kws01/s3.bin")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(ConfigurationError, match=r"holds no s3\.bin"):
        fetch(KWS, tarred(tmp_path / "set.tar.gz", members, (link,)), tmp_path / "out")


def test_a_bomb_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_ARCHIVE_BYTES", 100_000)
    with pytest.raises(ConfigurationError, match="more than 100000 bytes when unpacked"):
        fetch(KWS, tarred(tmp_path / "b.tar.gz", GOOD | {"zeros": bytes(5_000_000)}), tmp_path / "out")


@pytest.mark.parametrize(("pack", "name"), [(zipped, "bomb.zip"), (tarred, "bomb.tgz")])
def test_a_stimulus_is_unpacked_only_as_far_as_one_may_go(pack, name, tmp_path):
    bomb = pack(tmp_path / name, GOOD | {"set/kws01/s3.bin": bytes(5_000_000), "zeros": bytes(5_000_000)})
    with pytest.raises(ConfigurationError, match=r"s3\.bin has more than 490 bytes"):
        fetch(KWS, bomb, tmp_path / "out")


@pytest.mark.parametrize(("pack", "name"), [(zipped, "many.zip"), (tarred, "many.tar.gz")])
def test_a_million_empty_files_are_given_up(pack, name, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 50)
    many = pack(tmp_path / name, GOOD | {f"n{k}": b"" for k in range(60)})
    monkeypatch.setattr(zipfile, "ZipFile", None)  # it would keep a record of each in memory before one is counted
    with pytest.raises(ConfigurationError, match="holds more than 50 files"):
        fetch(KWS, many, tmp_path / "out")


@pytest.mark.parametrize(("pack", "name"), [(zipped, "set.zip"), (tarred, "set.tar.gz")])
def test_a_damaged_archive_is_one_line(pack, name, tmp_path):
    good = Path(pack(tmp_path / name, GOOD)).read_bytes()
    damaged = [good[: len(good) * k // 8] for k in range(8)]
    damaged += [good[:k] + bytes([good[k] ^ 0xA5]) + good[k + 1 :] for k in range(0, len(good), 7)]
    for number, data in enumerate(damaged):
        (tmp_path / name).write_bytes(data)
        try:
            fetch(KWS, str(tmp_path / name), tmp_path / f"out{number}")
        except ConfigurationError as error:
            assert str(error).isprintable()
            assert not (tmp_path / f"out{number}" / "y_labels.csv").exists()
            assert not list((tmp_path / f"out{number}").glob("*.coming"))


@pytest.mark.parametrize("name", ["set.zip", "set.tar.gz"])
def test_an_archive_that_is_not_there(name, tmp_path):
    with pytest.raises(ConfigurationError, match="no such file"):
        fetch(KWS, str(tmp_path / name), tmp_path / "out")


def test_no_archive_and_two_sets_and_none(tmp_path):
    (tmp_path / "no.zip").write_bytes(b"PK nothing")
    with pytest.raises(ConfigurationError, match="not an archive that can be read"):
        fetch(KWS, str(tmp_path / "no.zip"), tmp_path / "out")
    with pytest.raises(ConfigurationError, match=r"more than one y_labels\.csv"):
        fetch(KWS, zipped(tmp_path / "two.zip", GOOD | {"b/y_labels.csv": LABELS}), tmp_path / "out")
    with pytest.raises(ConfigurationError, match=r"holds no y_labels\.csv"):
        fetch(KWS, zipped(tmp_path / "none.zip", {"a": b""}), tmp_path / "out")

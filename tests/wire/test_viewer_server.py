# SPDX-License-Identifier: Apache-2.0
"""The viewer's server over a real socket: what it hands out, and to whom."""

import http.client
import json
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from energy_runner import api
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import JOURNAL, RESULT, Session, write_record, write_result
from energy_runner.viewer.serve import Server
from tests.support.viewer_browser import fetched

WRITE = {"X-Energy-Runner": "1", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Return a session of a virtual bench, with its report."""
    return api.demo(out=tmp_path_factory.mktemp("view") / "session")


@pytest.fixture(scope="module")
def server(session: Session) -> Iterator[Server]:
    """Serve that session."""
    with api.view(session.path) as serving:
        yield serving


def _key(server: Server) -> str:
    return json.loads(fetched(server.url + "api/listing")[2])["sessions"][0]["key"]


def test_the_first_page_of_a_single_session_is_its_trace(server: Server) -> None:
    status, headers, _ = fetched(server.url)
    assert (status, headers["location"]) == (302, f"trace.html?s={_key(server)}")


def test_every_page_and_file_is_handed_out_with_its_policy(server: Server) -> None:
    for name in ("list.html", "trace.html", "compare.html", "live.html", "assets/report.css", "assets/viewer.css"):
        status, headers, body = fetched(server.url + name)
        assert status == 200, name
        assert body, name
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_without_the_token_there_is_nothing(server: Server) -> None:
    base = f"http://127.0.0.1:{server.port}/"
    for path in ("", "list.html", "api/listing", "wrong-token/api/listing", server.url.split("/")[-2]):
        assert fetched(base + path)[0] == 404, path


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1]:80"])
def test_another_name_of_the_host_is_refused(server: Server, host: str) -> None:
    """A page elsewhere may let its own name point to this computer (DNS rebinding)."""
    assert fetched(server.url + "api/listing", headers={"Host": host})[0] == 403


def test_localhost_is_this_computer(server: Server) -> None:
    assert fetched(server.url + "api/listing", headers={"Host": f"localhost:{server.port}"})[0] == 200


def test_it_listens_on_this_computer_only(server: Server) -> None:
    assert server._socket.getsockname()[0] == "127.0.0.1"


def test_answers_are_sent_at_once(server: Server) -> None:
    """Without TCP_NODELAY each answer takes 40 ms longer; asyncio sets it only where the protocol is named."""
    assert server._socket.proto == socket.IPPROTO_TCP
    assert server._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "path",
    [
        "assets/../site.py",
        "assets/..%2fsite.py",
        "assets/%2e%2e/guard.py",
        "api/session/../listing/x",
        "api/session/000000000000",
        "api/session/..%2f..%2fetc",
        "assets/nothing.js",
    ],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/" + server.url.split("/", 3)[3] + path)
    assert connection.getresponse().status == 404
    connection.close()


def test_the_page_of_a_session_says_what_it_is(server: Server, session: Session) -> None:
    page = json.loads(fetched(f"{server.url}api/session/{_key(server)}")[2])
    assert page["session_id"] == session.record.session_id
    assert page["virtual"] is True
    assert page["length"] > 0
    assert "report" in page["links"]
    assert page["problems"] == []
    assert {"windows", "edges", "uart"} <= {one["name"] for one in page["layers"]}


def test_a_tile_over_the_wire_holds_the_samples(server: Server, session: Session) -> None:
    status, headers, data = fetched(
        f"{server.url}api/session/{_key(server)}/tile?signal=power&start=100&stop=200&columns=100"
    )
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    magic, columns, first, width, final, _ = struct.unpack_from("<4sIddII", data)
    assert (magic, columns, first, width, final) == (b"ERT1", 100, 100.0, 1.0, 1)
    low, mean, high, present = np.frombuffer(data, "<f4", offset=32).reshape(4, 100)
    with session.trace() as trace:
        power_w = trace.read("energy", 100, 200) / trace.period_s
    for found in (low, mean, high):
        np.testing.assert_allclose(found, power_w, rtol=1e-6)
    assert (present == 1).all()


def test_a_region_over_a_window_has_the_figures_of_the_window(server: Server, session: Session) -> None:
    window = session.result().windows[0]
    asked = f"region?start_s={window.start_s!r}&stop_s={window.stop_s!r}"
    region = json.loads(fetched(f"{server.url}api/session/{_key(server)}/{asked}")[2])
    assert region["energy_j"] == pytest.approx(window.energy_j, rel=1e-9)
    assert region["inferences"] == window.inferences
    assert region["energy_per_inference_j"] == pytest.approx(window.energy_per_inference_j, rel=1e-9)
    assert 0 < region["U_j"] / region["energy_j"] < 0.2


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tile?signal=power&start=5&stop=5&columns=10", "5"),
        ("tile?signal=power&start=0&stop=99999999999&columns=10", "99999999999"),
        ("tile?signal=power&start=0&stop=10&columns=100000", "whole number from 1 to"),
        ("tile?signal=magic&start=0&stop=10&columns=10", "magic"),
        ("tile?signal=power&start=nan&stop=10&columns=10", "a number"),
        ("tile?signal=power&stop=10&columns=10", "a number"),
        ("layer/nonsense?start_s=0&stop_s=1", "nonsense"),
        ("layer/windows?start_s=zero&stop_s=1", "a number"),
        ("region?start_s=2&stop_s=1", "2"),
        ("region?start_s=900&stop_s=901", "900"),
    ],
)
def test_a_wrong_question_is_answered_in_words(server: Server, path: str, said: str) -> None:
    found, _, body = fetched(f"{server.url}api/session/{_key(server)}/{path}")
    assert found in {400, 409}
    error = json.loads(body)["error"]
    assert "Try: " in error
    assert said in error


def test_a_report_runs_in_a_sandbox_with_no_script_but_ours(server: Server) -> None:
    status, headers, body = fetched(f"{server.url}api/session/{_key(server)}/report")
    policy = headers["content-security-policy"]
    assert status == 200
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "'sha256-" in policy
    assert b"SIMULATED" in body or b"simulated" in body


def test_a_session_without_a_certificate_says_so(server: Server) -> None:
    assert fetched(f"{server.url}api/session/{_key(server)}/certificate")[0] == 404


def test_annotations_are_kept_beside_the_facts_and_change_none(server: Server, session: Session) -> None:
    url = f"{server.url}api/session/{_key(server)}/annotations"
    note = {"name": "<script>alert(1)</script>", "start_s": 1.0, "stop_s": 2.0, "text": "a spike"}
    assert fetched(url, "PUT", [note])[0] == 403, "a form of another page could have sent it"
    status, _, body = fetched(url, "PUT", [note], WRITE)
    assert status == 200
    assert json.loads(body)[0]["name"] == note["name"]
    assert api.differences(session.path) == []
    page = json.loads(fetched(f"{server.url}api/session/{_key(server)}")[2])
    assert page["annotations"][0]["text"] == "a spike"
    assert fetched(url, "PUT", {"not": "a list"}, WRITE)[0] == 400
    assert fetched(url, "PUT", [], WRITE)[0] == 200


def test_the_samples_of_a_region_come_as_csv(server: Server) -> None:
    status, headers, body = fetched(f"{server.url}api/session/{_key(server)}/region.csv?start_s=1&stop_s=1.01")
    lines = body.decode().splitlines()
    assert status == 200
    assert headers["content-type"].startswith("text/csv")
    assert lines[0].startswith("time_s,")
    assert 9 <= len(lines) - 1 <= 12


def test_nobody_can_stop_what_only_looks(server: Server) -> None:
    assert fetched(server.url + "api/live/stop", "POST", {"sure": True}, WRITE)[0] == 403


def test_a_session_that_is_analysed_again_is_shown_as_it_is_now(server: Server, session: Session) -> None:
    """The head, the layers and the regions are of one result: nothing is kept of the one before."""
    address = f"{server.url}api/session/{_key(server)}"
    before = json.loads(fetched(address)[2])
    result = session.result()
    try:
        (session.path / RESULT).unlink()
        head = json.loads(fetched(address)[2])
        assert head["score_j"] is None
        assert (
            "µJ" not in json.loads(fetched(f"{address}/layer/windows?start_s=0&stop_s=99")[2])["items"][0]["label"]
        )
    finally:
        write_result(session.path, result)
    assert json.loads(fetched(address)[2])["score_j"] == before["score_j"]


def test_the_trace_of_a_run_that_has_ended_is_opened_again(session: Session, tmp_path: Path) -> None:
    """While it ran, its facts were not all there: what was made from them is not kept."""
    folder = tmp_path / "s"
    shutil.copytree(session.path, folder)
    journal = (folder / JOURNAL).read_bytes()
    write_record(folder, session.record.model_copy(update={"outcome": "running"}))
    (folder / JOURNAL).write_bytes(b"".join(journal.splitlines(keepends=True)[:1]))
    with api.view(folder) as serving:
        asked = f"{serving.url}api/session/{_key(serving)}/tile?signal=%s&start=0&stop=100&columns=10"
        assert fetched(asked % "power")[0] == 409
        assert fetched(asked % "energy")[0] == 200
        (folder / JOURNAL).write_bytes(journal)
        write_record(folder, session.record)
        assert fetched(asked % "power")[0] == 200


def test_a_port_in_use_is_named(server: Server, session: Session) -> None:
    with pytest.raises(ConfigurationError, match=f"port {server.port} of this computer is in use"):
        api.view(session.path, port=server.port)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such session or folder"):
        api.view(tmp_path / "nothing")


def test_closing_releases_port_and_thread(session: Session) -> None:
    serving = api.view(session.path)
    port = serving.port
    serving.close()
    serving.close()
    with api.view(session.path, port=port) as again:
        assert again.port == port
        assert fetched(again.url + "api/listing")[0] == 200
    assert again._over.is_set()
    assert not again._thread.is_alive()

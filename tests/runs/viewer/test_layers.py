# SPDX-License-Identifier: Apache-2.0
"""Layers of whole runs of twins, whose clock is known: events lie in the trace where they truly were."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from energy_runner import api
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from energy_runner.viewer.layers import layers
from energy_runner.viewer.listing import listing
from energy_runner.viewer.meta import meta
from tests.support.small import small_plan, twin_bench

BENCHES = Path(__file__).parents[2] / "support" / "benches"
# By the monitor's edges, by laps that start the log, by laps and the host's clock, with two rails, by other boxes.
ALL = (
    "virtual-lpm01a",
    "virtual-n6705c",
    "shield-by-laps",
    "laps-by-host",
    "own-port",
    "two-rails",
    "ppk2-behind-supply",
)


def bench_named(name: str) -> str:
    path = BENCHES / f"{name}.toml"
    return str(path) if path.is_file() else name


@pytest.fixture(scope="module", params=ALL)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Session:
    parent = tmp_path_factory.mktemp("layers")
    bench = twin_bench(bench_named(request.param), seed=3)
    return api.run(bench, small_plan(parent / "stimuli"), out=parent / "s", rule_set="lab")


def zero_ns(session: Session) -> tuple[float, float]:
    """Return when the first sample truly began, in ns of the virtual clock, and within what: by the true edges."""
    head = meta(session)
    pairs = [
        (truth.start_s - window["start_s"], window["edge_s"] or 0.0)
        for window, truth in zip(head["windows"], session.record.truth or [], strict=True)
    ]
    least = min(pairs, key=lambda pair: pair[1])
    return least[0] * 1e9, least[1] * 1e9


def test_host_times_lie_where_they_truly_were_within_their_limit(session: Session) -> None:
    own = layers(session)
    times = np.array([event.t_ns for event in session.journal() if not isinstance(event, ev.JournalSealed)])
    found = own.seen.times.places(times)
    begun, within = zero_ns(session)
    truth = (times - begun) * 1e-9
    limits = own.seen.times.limits(found) + within * 1e-9
    assert np.all(np.abs(found - truth) <= limits)
    assert float(np.max(own.seen.times.limits(found))) < 0.35


def test_an_infer_command_lies_before_its_window_and_its_answer_after(session: Session) -> None:
    own = layers(session)
    windows, lines = own.items("windows")["items"], own.items("uart")["items"]
    sent = [line for line in lines if "to " in line["text"] and "infer 12 0" in line["label"]]
    done = [line for line in lines if "from " in line["text"] and "m-infer-done" in line["label"]][-2:]
    assert len(windows) == 2
    assert len(sent) == len(done) == 2
    for window, command, answer in zip(windows, sent, done, strict=True):
        assert command["at_s"] - command["u_s"] < window["start_s"]
        assert answer["at_s"] + answer["u_s"] > window["stop_s"]


def test_everything_can_be_asked_for(session: Session) -> None:
    own = layers(session)
    head = meta(session, layers=own)
    json.dumps([head, own.table(), [own.items(row["name"]) for row in own.table()]], allow_nan=False)
    assert head["links"] == {"report": "report"}
    assert head["problems"] == []
    assert next(one["name"] for one in head["signals"]) == "power"
    assert own.items("edges")["total"] >= 4
    assert own.items("voltage")["total"] > 0
    assert own.items("journal")["total"] > 5
    (row,) = listing([session.path])["sessions"]
    assert row["report"]
    assert row["score_j"] == head["score_j"]


def test_each_rail_has_its_own_facts(tmp_path: Path) -> None:
    found = api.run(twin_bench(bench_named("two-rails")), small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert meta(found)["rails"] == ["core", "io"]
    for rail in ("core", "io"):
        head = meta(found, rail)
        assert head["length"] > 0
        assert layers(found, rail).items("edges")["total"] >= 4
    assert {curve["label"] for curve in layers(found).items("voltage")["items"]} == {"core", "io"}
    for own in found.result().rails:
        head = meta(found, own.name)
        assert [one["energy_j"] for one in head["windows"]] == [one.energy_j for one in own.windows]
        label = layers(found, own.name).items("windows")["items"][0]
        assert label["label"] == f"{own.windows[0].energy_per_inference_j * 1e6:.1f}" + label["label"][5:]
        assert f"of the rail {own.name} alone, all rails together" in label["text"]
    missing = meta(found, "nothing")
    assert missing["signals"] == []
    assert any("nothing" in problem for problem in missing["problems"])


def test_a_thinned_session_says_what_is_gone(tmp_path: Path) -> None:
    api.run(twin_bench("virtual-lpm01a"), small_plan(tmp_path / "stimuli"), out=tmp_path / "s", rule_set="lab")
    before = layers(Session.open(tmp_path / "s"))
    api.thin_sessions(tmp_path / "s")
    session = Session.open(tmp_path / "s")
    after = layers(session)
    assert any("thinned" in problem for problem in meta(session)["problems"])
    for row in before.table():
        assert after.items(row["name"])["total"] == before.items(row["name"])["total"]
    assert listing([tmp_path])["sessions"][0]["thinned"]


def test_a_look_at_every_moment_of_a_run_that_grows(tmp_path: Path) -> None:
    """What a journal held at any moment can be shown: cut at each line, and within one."""
    done = api.run(twin_bench("virtual-lpm01a"), small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    journal = (done.path / "journal.jsonl").read_bytes()
    lines = journal.splitlines(keepends=True)
    now = tmp_path / "now"
    now.mkdir()
    record = json.loads((done.path / "record.json").read_text("utf-8"))
    record |= {"outcome": "running", "seal": None}
    (now / "record.json").write_text(json.dumps(record), "utf-8")
    shutil.copy(done.path / "trace.jls", now / "trace.jls")
    for count in range(0, len(lines), max(1, len(lines) // 25)):
        (now / "journal.jsonl").write_bytes(b"".join(lines[:count]) + lines[count][:30])
        session = Session.open(now)
        own = layers(session)
        json.dumps([meta(session, layers=own), own.table()], allow_nan=False)
        for row in own.table():
            json.dumps(own.items(row["name"]), allow_nan=False)

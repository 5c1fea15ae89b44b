# SPDX-License-Identifier: Apache-2.0
"""`--fail-on` with `--baseline`: exit status and words, for a new run and for a session that is there."""

import json
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.session.folder import write_json

RUN = ("run", "demo-keywords", "-b", "virtual-lpm01a", "--mode", "performance")


@pytest.fixture
def base(session: Path, tmp_path: Path) -> Path:
    """The demo's figures, 5 % lower in energy: the demo is then worse."""
    api.write_baseline(api.load_session(session), tmp_path / "base.json")
    document = json.loads((tmp_path / "base.json").read_text("utf-8"))
    document["figures"]["energy_per_inference"]["value"] *= 0.95
    write_json(tmp_path / "base.json", document)
    return tmp_path / "base.json"


JUDGED = {
    "energy_per_inference +2%": (1, "energy_per_inference: WORSE"),
    "energy_per_inference +10%": (0, "energy_per_inference: within"),
    "energy_per_inference +5.26%": (0, "energy_per_inference: cannot be told"),
    "throughput -1%": (0, "throughput: within"),
}


@pytest.mark.parametrize("limit", JUDGED)
def test_check_judges_a_session_by_a_baseline(limit, session, base, call):
    status, says = JUDGED[limit]
    done, out, err = call("check", str(session), "--fail-on", limit, "--baseline", str(base))
    assert (done, err) == (status, "")
    assert says in out
    assert "baseline" in out
    done, out, _ = call("check", str(session), "--fail-on", limit, "--baseline", str(base), "--json")
    assert done == status
    (compared,) = [row for row in json.loads(out) if "verdict" in row]
    assert compared["fails"] == bool(status)


def test_the_gain_of_the_same_twin_cancels(session, base, call):
    _, out, _ = call("check", str(session), "--fail-on", "energy_per_inference +2%", "--baseline", str(base))
    assert "the same monitor, so these errors cancel: gain of" in " ".join(out.split())


@pytest.mark.deep
def test_a_run_writes_a_baseline_and_is_judged_by_it(call):
    status, _, err = call(*RUN, "--write-baseline", "base.json", "--out", "one")
    assert (status, "baseline written to base.json" in err) == (0, True)
    status, out, _ = call(*RUN, "--fail-on", "throughput -1%", "--baseline", "base.json", "--out", "two")
    assert (status, "throughput: within" in out) == (0, True)
    document = json.loads(Path("base.json").read_text("utf-8"))
    document["figures"]["throughput"]["value"] *= 1.2
    write_json(Path("base.json"), document)
    words = ("--fail-on", "throughput -1%", "--baseline", "base.json", "--out", "three", "--json")
    status, out, _ = call(*RUN, *words)
    assert status == 1
    document = json.loads(out)
    assert document["valid"]
    assert [one["verdict"] for one in document["compared"]] == ["worse"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--fail-on", "throughput -1%"), "--baseline"),
        (("--baseline", "base.json"), "--fail-on"),
        (("--fail-on", "throughput +1%", "--baseline", "BASE"), "throughput -1%"),
        (("--fail-on", "throughput -1%", "--baseline", "nothing.json"), "nothing.json"),
        (("--fail-on", "throughput -1%", "--baseline", "BASE"), "benchmark is kws01"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_found_before_anything_is_measured(words, says, base, call):
    status, out, err = call(*RUN, *(str(base) if word == "BASE" else word for word in words), "--out", "new")
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not Path("new").exists()

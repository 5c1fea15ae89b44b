# SPDX-License-Identifier: Apache-2.0
"""`keys`, `certify`, `certificates` and `compare` as they are typed: what is printed, and the exit status."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT

PASSPHRASE = "correct horse"  # noqa: S105 - of keys that only this test has
VARIABLE = "ENERGY_RUNNER_KEY_PASSPHRASE"


@pytest.fixture
def keyed(call: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command line, in a folder with a key and a ring, and its passphrase in the environment."""
    monkeypatch.setenv(VARIABLE, PASSPHRASE)
    status, out, err = call("keys", "new", "lab.key", "--owner", "Lab", "--ring", "ring.json")
    assert (status, err) == (0, "")
    assert "-----BEGIN PUBLIC KEY-----" in out
    assert Path("ring.json").is_file()
    return call


def certify(call: Any, session: Path, *more: str) -> tuple[int, str, str]:
    return call("certify", str(session), "--key", "lab.key", "--ring", "ring.json", *more)


def test_from_a_key_to_a_revoked_certificate(keyed, session):
    status, out, err = certify(keyed, session)
    assert (status, err) == (1, ""), "a virtual bench gives a report"
    assert "Measurement report — not a certificate  ER-" in out
    assert "SIMULATED: no hardware was measured" in out
    assert "hardware: the bench is simulated" in out
    assert "item.serial" in out
    assert all(len(line) <= 80 for line in out.splitlines() if "certificates/" not in line)
    one = next(Path("certificates").iterdir()).name
    assert sorted(path.name for path in Path("certificates", one).iterdir()) == [
        "aibom.json",
        "certificate.dcc.xml",
        "certificate.json",
        "certificate.pdf",
    ]
    status, out, _ = keyed("certificates", "list", "--ring", "ring.json")
    assert (status, out.count(one)) == (0, 1)
    assert "report, SIMULATED" in out
    words = ("certificates", "revoke", one, "--key", "lab.key", "--why", "wrong board", "--ring", "ring.json")
    status, out, _ = keyed(*words)
    assert (status, out.splitlines()[-1]) == (0, str(Path("certificates", one, "revocation.json")))
    status, out, _ = keyed("verify", f"certificates/{one}/revocation.json", "--ring", "ring.json")
    assert status == 1
    assert out.splitlines()[0] == f"Revocation of {one}, no certificate"
    assert f"REVOKED: {one}, by a key that is trusted" in out
    assert "not a whole certificate" not in out
    status, out, _ = keyed("verify", f"certificates/{one}/certificate.pdf", "--ring", "ring.json")
    assert status == 1
    assert "NOT VERIFIED: revoked at 20" in out.replace("\n", " ")
    status, _, err = keyed(*words)
    assert (status, "it is revoked already" in err) == (2, True)
    status, out, _ = keyed("certificates", "show", one[:9], "--ring", "ring.json")
    assert status == 1
    assert "REVOKED: " in out
    assert "wrong board" in out
    status, out, _ = keyed("certificates", "show", one, "--ring", "ring.json", "--json")
    assert (status, json.loads(out)["revoked_why"]) == (1, "wrong board")


def test_certify_as_json(keyed, session):
    status, out, _ = certify(keyed, session, "--json", "--paper", "us-letter", "--out", "other")
    found = json.loads(out)
    assert (status, found["certificate"], found["virtual"]) == (1, False, True)
    assert found["folder"] == str(Path("other", found["id"]))
    assert {"hardware", "in-calibration"} <= {one["id"] for one in found["reasons"]}
    assert found["score"]["U"] > 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("certify",), "a session is needed. Try: energy-runner certify SESSION --key FILE"),
        (("certify", "SESSION"), "--key is needed"),
        (("certify", "SESSION", "--key", "none.key"), "none.key: the key cannot be read"),
        (("certify", "SESSION", "--key", "lab.key", "--paper", "a5"), "--paper a5: must be one of a4, us-letter"),
        (("certify", "SESSION", "--key", "lab.key", "--profile", "none.toml"), "none.toml: no such profile"),
        (("certify", "SESSION", "--key", "lab.key", "--supersedes", "ER-1"), "--supersedes ER-1: for what reason"),
        (("certify", "SESSION", "--key", "lab.key", "--form"), "no terminal to ask on. Try: without --form"),
        (("certify", "none", "--key", "lab.key"), "none"),
        (("keys", "new", "lab.key"), "there is a file already"),
        (("keys", "show", "none.pem"), "none.pem: the key cannot be read"),
        (("keys", "add", "ring.json", "--owner", "X", "--ring", "ring.json"), "not a public key in PEM"),
        (("keys", "revoke", "00000000", "--why", "x", "--ring", "ring.json"), "energy-runner keys list"),
        (("certificates", "show", "ER-0000"), "certificates: cannot be read"),
        (("compare", "none", "SESSION"), "none"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_one_line_and_leaves_nothing(keyed, session, words, says):
    before = sorted(path.name for path in Path().iterdir())
    status, out, err = keyed(*(str(session) if word == "SESSION" else word for word in words))
    assert (status, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == before


def test_a_wrong_passphrase_and_none(keyed, session, monkeypatch):
    monkeypatch.setenv(VARIABLE, "another one")
    status, _, err = certify(keyed, session)
    assert (status, "the passphrase is wrong" in err) == (2, True)
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr("sys.stdin", None)
    status, _, err = certify(keyed, session)
    assert (status, f"Try: the environment variable {VARIABLE}" in err) == (2, True)
    assert not Path("certificates").exists()


def test_an_unreadable_certificate_is_named(call):
    Path("certificates", "ER-1").mkdir(parents=True)
    Path("certificates", "ER-1", "certificate.json").write_text("<script>", "utf-8")
    status, out, err = call("certificates", "list", "--ring", str(_empty_ring()))
    assert (status, err) == (1, "")
    assert "ER-1  unreadable" in out


def test_an_empty_catalogue_and_ring_say_what_to_do(call):
    status, out, _ = call("certificates", "list")
    assert (status, "Try: energy-runner certify" in out) == (0, True)
    status, out, _ = call("keys", "list", "--ring", str(_empty_ring()))
    assert (status, "Try: energy-runner keys new" in out) == (0, True)


def _empty_ring() -> Path:
    path = Path("empty.json")
    path.write_text('{"schema": "energy-runner/key-ring/1", "keys": []}', "utf-8")
    return path


def test_an_empty_profile_is_written_once(call):
    assert call("certify", "--form", "--profile", "my.toml") == (0, "my.toml\n", "")
    written = Path("my.toml").read_bytes()
    status, _, err = call("certify", "--form", "--profile", "my.toml")
    assert (status, "not overwritten" in err) == (2, True)
    assert Path("my.toml").read_bytes() == written


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_the_form_asks_in_a_terminal_and_what_was_answered_before_ctrl_c_is_kept(session, tmp_path):
    import pexpect

    environment = os.environ | {"PYTHONPATH": str(ROOT), VARIABLE: PASSPHRASE, "XDG_CONFIG_HOME": str(tmp_path)}
    words = ["-m", "energy_runner"]
    ring = ["--ring", str(tmp_path / "ring.json")]

    def begun(*more: str) -> Any:
        return pexpect.spawn(
            sys.executable, [*words, *more, *ring], cwd=tmp_path, env=environment, timeout=60, encoding="utf-8"
        )

    made = begun("keys", "new", "lab.key")
    made.expect(pexpect.EOF)
    (tmp_path / "lab.toml").write_text('# mine\n[item]\nboard = "B"\n', "utf-8")
    asked = begun("certify", str(session), "-k", "lab.key", "-p", "lab.toml", "--form")
    asked.expect("laboratory.name: ")
    asked.sendline('The "Lab"')
    silent = ("address", "country")
    people = ("people.operator", "people.approver", "item.revision", "item.serial")
    for key in (*(f"laboratory.{each}" for each in silent), *people):
        asked.expect(f"{key}: ")
        asked.sendline("")
    asked.expect("item.processor: ")
    asked.sendline("MCU")
    asked.expect("item.clock_hz: ")
    asked.sendline("fast")
    asked.expect("not possible: item.clock_hz = fast: cannot be read")
    asked.expect("item.clock_hz: ")
    asked.sendintr()
    asked.expect("2 answers written")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 4
    text = (tmp_path / "lab.toml").read_text("utf-8")
    assert text.startswith('# mine\n[item]\nboard = "B"\nprocessor = "MCU"\n')
    assert "name = 'The \"Lab\"'" in text or 'name = "The \\"Lab\\""' in text
    assert not (tmp_path / "certificates").exists()


# --- compare --------------------------------------------------------------------------------------------------


def test_compare_two_results(call, session):
    status, out, err = call("compare", str(session), str(session / "result.json"))
    assert (status, err) == (0, f"energy-runner: To see the traces: energy-runner view {session}\n")
    assert out.splitlines()[-1].startswith("Neither is better: energy per inference")
    assert "errors of the one monitor that cancel: gain of the energy measurement" in out
    assert "SIMULATED" in out
    assert all(len(line) <= 80 for line in out.splitlines()[2:])
    status, out, _ = call("compare", str(session), str(session), "--json")
    found = json.loads(out)
    assert (status, found["virtual"]) == (0, True)
    assert [one["quantity"] for one in found["differences"]] == [
        "energy_per_inference",
        "energy_delay_product",
        "throughput",
        "latency",
    ]


def test_compare_draws_what_it_says(call, session):
    status, out, _ = call("compare", str(session), str(session / "result.json"), "--figure", "change.svg")
    assert (status, out.splitlines()[-1]) == (0, "Figure  change.svg")
    assert out.splitlines()[-2] in Path("change.svg").read_text("utf-8")
    status, _, err = call("compare", str(session), str(session), "--figure", "change.gif")
    assert (status, "figures are svg, pdf, png. Try: change.svg" in err) == (2, True)
    assert not Path("change.gif").exists()

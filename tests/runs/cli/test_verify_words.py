# SPDX-License-Identifier: Apache-2.0
"""`verify`, as somebody reads it who does not know what is in the files: short, in groups, and what to do."""

from pathlib import Path

import pytest

import energy_runner as er
from tests.support.certificates import demo_session


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report and the ring of its key."""
    folder = tmp_path_factory.mktemp("issued")
    er.new_key(
        folder / "lab.key", "correct horse", owner="Lab", valid_from="2026-01-01", ring=folder / "ring.json"
    )
    key = er.load_key(folder / "lab.key", "correct horse")
    return er.certify(demo_session(), key, out=folder, ring=folder / "ring.json", sweeps=folder / "none").folder


def test_what_holds_is_said_once_and_no_line_is_too_long(call, issued):
    status, out, _ = call("verify", str(issued), "--ring", str(issued.parent / "ring.json"))
    lines = out.splitlines()
    assert status == 0
    assert max(map(len, lines)) <= 80
    assert len(lines) == len({line for line in lines if line}) + lines.count("")
    assert "  ✓ every copy of certificate.json is the same (4 copies)" in lines
    assert lines.index("Holds:") < lines.index("Could not be checked:")
    assert "VERIFIED: all that was checked holds; not all could be checked" in lines
    assert "--session DIR" in lines[-1]


def test_an_unknown_key_is_no_failure_of_the_certificate(call, issued, tmp_path):
    er.new_key(tmp_path / "my.key", "correct horse", owner="Me", ring=tmp_path / "ring.json")
    status, out, _ = call("verify", str(issued), "--ring", str(tmp_path / "ring.json"))
    said = " ".join(out.split())
    assert status == 1
    assert "NOT VERIFIED: whose signature it is cannot be told, because its key is not in your key ring" in said
    assert said.endswith("energy-runner keys add FILE --owner NAME")


def test_a_changed_file_is_named_and_not_to_be_relied_on(call, issued, tmp_path):
    data = (issued / "certificate.pdf").read_bytes()
    (tmp_path / "certificate.pdf").write_bytes(data.replace(b"/Type", b"/Tyqe", 1))
    status, out, _ = call("verify", str(tmp_path / "certificate.pdf"), "--ring", str(issued.parent / "ring.json"))
    said = " ".join(out.split())
    assert status == 1
    assert "Does not hold: ✗ certificate.pdf is the one that was signed: it was changed" in said
    assert "NOT VERIFIED: 1 of " in said
    assert said.endswith("Do not rely on its figures; ask the laboratory for the original files.")

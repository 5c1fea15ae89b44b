# SPDX-License-Identifier: Apache-2.0
"""A session with annotations is the session that it was: to its seal, its rules, its certificate, and thinning."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.certificate.forms import NAMES
from energy_runner.session.folder import Session
from energy_runner.viewer.annotations import ANNOTATIONS, read_annotations, write_annotations
from tests.support.small import small_plan, twin_bench

ISSUED = "2026-03-02T10:00:00Z"
ONE = {"name": "<b>spike</b>", "start_s": 0.5, "stop_s": 1.5, "text": "where does this come from?"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    parent = tmp_path_factory.mktemp("annotated")
    api.run(twin_bench("virtual-lpm01a"), small_plan(parent / "stimuli"), out=parent / "plain", rule_set="lab")
    return parent / "plain"


@pytest.fixture
def pair(plain: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The same session twice, in folders of the same name; the second one with annotations."""
    folders = tmp_path / "without" / "s", tmp_path / "with" / "s"
    for folder in folders:
        shutil.copytree(plain, folder)
    write_annotations(Session.open(folders[1]), [ONE])
    assert (folders[1] / ANNOTATIONS).is_file()
    return folders


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ANNOTATIONS}


def test_nothing_differs_and_every_rule_says_the_same(pair: tuple[Path, Path]) -> None:
    without, with_one = pair
    assert held(without) == held(with_one)
    assert api.differences(with_one) == []
    assert Session.open(with_one).verified.intact
    assert api.analyze(with_one, rule_set="lab") == api.analyze(without, rule_set="lab")
    assert api.check(with_one, rule_set="lab") == api.check(without, rule_set="lab")


def test_writing_the_result_and_the_report_leaves_them_alone(pair: tuple[Path, Path]) -> None:
    without, with_one = pair
    for folder in pair:
        api.analyze(folder, rule_set="lab", write=True)
    assert held(without) == held(with_one)
    assert [one.name for one in read_annotations(Session.open(with_one))] == [ONE["name"]]


def test_thinning_keeps_them(pair: tuple[Path, Path]) -> None:
    rows = [api.thin_sessions(folder)[0] for folder in pair]
    assert [row.state for row in rows] == ["thinned", "thinned"]
    assert rows[0].bytes_freed == rows[1].bytes_freed
    assert api.differences(pair[1]) == api.differences(pair[0])
    assert len(read_annotations(Session.open(pair[1]))) == 1


def test_the_list_of_sessions_says_the_same(pair: tuple[Path, Path]) -> None:
    rows = [replace(api.list_sessions(folder.parent)[0], folder=Path(), written_utc="") for folder in pair]
    assert rows[0] == rows[1]
    assert (rows[0].problem, rows[0].differs) == (None, None)


def test_a_certificate_is_the_same_to_the_byte_and_verifies(pair: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("typst")
    ring, secret = tmp_path / "ring.json", "correct horse"
    api.new_key(
        tmp_path / "lab.key", secret, owner="Lab", valid_from="2026-01-01", valid_until="2026-12-31", ring=ring
    )
    key = api.load_key(tmp_path / "lab.key", secret)
    issued = [
        api.certify(
            folder, key=key, ring=ring, issued=ISSUED, out=tmp_path / f"out{number}", sweeps=tmp_path / "none"
        )
        for number, folder in enumerate(pair)
    ]
    for name in NAMES:
        assert (issued[0].folder / name).read_bytes() == (issued[1].folder / name).read_bytes(), name
    assert api.verify_certificate(issued[1].folder, ring=ring, session=pair[1]).holds

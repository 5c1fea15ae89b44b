# SPDX-License-Identifier: Apache-2.0
"""The tree on disk: all of it or nothing, and never over anything that is there."""

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.submission.export import export_mlperf
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import everything, options


@pytest.mark.parametrize("kind", ["closed", "division", ""])
def test_unknown_divisions(kind, sessions, tmp_path):
    if kind == "closed":
        export_mlperf(options(sessions, tmp_path, division=kind))
    else:
        with pytest.raises(ConfigurationError, match="division="):
            export_mlperf(options(sessions, tmp_path, division=kind))


def test_exporting_again_changes_nothing(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    before = everything(tmp_path / "out")
    export_mlperf(options(sessions, tmp_path))
    assert everything(tmp_path / "out") == before


def test_nothing_is_overwritten(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    target = tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt"
    target.write_text("theirs")
    before = everything(tmp_path / "out")
    with pytest.raises(ConfigurationError, match="exists already with other content"):
        export_mlperf(options(sessions, tmp_path))
    assert everything(tmp_path / "out") == before


def test_an_old_energy_folder_does_not_stay_beside_a_new_export(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    with pytest.raises(ConfigurationError, match="exists already and is not part"):
        export_mlperf(options(sessions[:2], tmp_path))


def test_another_system_is_added_beside(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    before = everything(tmp_path / "out")
    export_mlperf(options(sessions, tmp_path, system="board_b"))
    after = everything(tmp_path / "out")
    assert before.items() <= after.items()
    assert {place[2] for place in read_tree(tmp_path / "out").rows} == {"board_a", "board_b"}


@pytest.mark.parametrize("link", ["", "closed", "closed/Acme", "closed/Acme/results/board_a"])
def test_links_are_refused(link, sessions, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(ConfigurationError, match="is a symbolic link"):
        export_mlperf(options(sessions, tmp_path))
    assert list(elsewhere.iterdir()) == []


def test_a_half_written_tree_is_taken_back(sessions, tmp_path):
    out = tmp_path / "out"
    (out / "closed/Acme/results").mkdir(parents=True)
    (out / "closed/Acme/results/board_a").write_text("a file where a folder must be")
    before = everything(out)
    with pytest.raises(ConfigurationError, match="board_a"):
        export_mlperf(options(sessions, tmp_path))
    assert everything(out) == before
    assert not (out / "closed/Acme/systems").exists()


def test_a_session_stays_as_it_is(sessions, tmp_path):
    before = {path: everything(path) for path in sessions}
    export_mlperf(options(sessions, tmp_path))
    assert {path: everything(path) for path in sessions} == before
    with pytest.raises(ConfigurationError, match="inside the session"):
        export_mlperf(options(sessions, tmp_path, out=sessions[0] / "out"))

# SPDX-License-Identifier: Apache-2.0
"""The files that a profile names: hashed, or refused without waiting for what never ends."""

import os
from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.certificate.profile.load import load_profile
from energy_runner.errors import BenchFault, ConfigurationError
from tests.support.disk_faults import DiskFaults


def named(folder: Path, name: str) -> Path:
    (folder / "lab.toml").write_text(f'[item]\nphotos = [{{ file = "{name}" }}]\n', "utf-8")
    return folder / "lab.toml"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes in folders")
@pytest.mark.parametrize("kind", ["pipe", "link to a device"])
def test_a_pipe_or_a_device_in_place_of_a_photo_does_not_hang(tmp_path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(tmp_path / "photo.jpg")
    else:
        (tmp_path / "photo.jpg").symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match=r"photo\.jpg: cannot be read \(a pipe or a device"):
        load_profile(named(tmp_path, "photo.jpg"))


def test_a_file_that_only_states_its_size_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "photo.jpg").open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk, and would take an hour to read
    with pytest.raises(ConfigurationError, match=r"photo\.jpg: has more than 268435456 bytes"):
        load_profile(named(tmp_path, "photo.jpg"))


@pytest.mark.parametrize("name", ["", "  "])
def test_a_photo_without_a_file_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"lab.toml, line 2: item.photos.0.file must not be empty"):
        load_profile(named(tmp_path, name))


@pytest.mark.parametrize("kind", ["EIO", "ENOSPC", "short"])
def test_a_disk_that_fails_leaves_no_half_form(tmp_path: Path, kind: str) -> None:
    for at in range(2):
        with DiskFaults(kind, at).patched(), pytest.raises(BenchFault, match="cannot be written"):
            api.write_profile_form(tmp_path / "lab.toml")
        assert list(tmp_path.iterdir()) == []

# SPDX-License-Identifier: Apache-2.0
"""The classes of published stimuli where the user gives a label file, and names that are looked up in parts."""

from pathlib import Path

import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import ConfigurationError
from energy_runner.published.eembc.labels import labels_of

VWW, IC = load_benchmark("vww01"), load_benchmark("ic01")


def listed(folder: Path, *rows: str) -> Path:
    (folder / "y_labels.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


def test_a_label_file_counts_even_if_it_knows_only_some_of_the_files(tmp_path: Path) -> None:
    stimuli = listed(tmp_path, "000000343218.bin,2,1", "000000010363.bin,2,0")
    files = ["000000010363.bin", "COCO_val2014_000000343218.bin", "odd.bin"]
    assert labels_of(files, VWW, stimuli) == ([0, 1, None], "label file")


def test_a_label_file_of_other_stimuli_leaves_the_names_to_tell(tmp_path: Path) -> None:
    stimuli = listed(tmp_path, "elsewhere.bin,10,9")
    assert labels_of(["emu_s_000123.bin"], IC, stimuli) == ([2], "file names")
    assert labels_of(["elsewhere.bin"], IC, stimuli) == ([9], "label file")


def test_a_folder_of_stimuli_may_lack_a_label_file_but_must_exist(tmp_path: Path) -> None:
    assert labels_of(["emu_s_000123.bin"], IC, tmp_path) == ([2], "file names")
    with pytest.raises(ConfigurationError, match="gone: no such folder"):
        labels_of(["emu_s_000123.bin"], IC, tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "label"),
    [("lippizaner_s_000613.bin", 7), ("unheard_of_lippizaner_s_000613.bin", 7), ("lippizaner_of_s_1.bin", None)],
)
def test_a_noun_that_is_not_known_is_looked_up_by_its_last_word(name: str, label: int | None) -> None:
    assert labels_of([name], IC) == ([label], "file names")


@pytest.mark.parametrize(("number", "label"), [("0", 0), ("11", 11), ("12", None), ("999", None)])
def test_the_number_at_the_end_of_a_name_is_one_of_the_classes(number: str, label: int | None) -> None:
    assert labels_of([f"tst_000000_Word_{number}.bin"], load_benchmark("kws01")) == ([label], "file names")

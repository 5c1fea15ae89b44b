# SPDX-License-Identifier: Apache-2.0
"""The catalogue, label files and stimuli: right ones are read, wrong ones are refused in one clear line."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.benchmarks.catalogue import Benchmark, list_benchmarks, load_benchmark
from energy_runner.benchmarks.labels import read_labels
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.errors import ConfigurationError, ExitStatus

KWS = load_benchmark("kws01")
AD = load_benchmark("ad01")


def write_stimuli(folder: Path, benchmark: Benchmark, count: int = 5, windows: int = 1) -> Path:
    """Write label file and stimuli that fit a benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    sliding = f",{benchmark.input_bytes},{benchmark.stride_bytes}" if benchmark.stride_bytes else ""
    size = benchmark.input_bytes + (windows - 1) * (benchmark.stride_bytes or 0)
    lines = []
    for k in range(count):
        (folder / f"s{k}.bin").write_bytes(bytes([k]) * size)
        lines.append(f"s{k}.bin,{benchmark.classes},{k % benchmark.classes}{sliding}")
    (folder / "y_labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def refusal(folder: Path, benchmark: Benchmark = KWS) -> str:
    """Return the message with which stimuli are refused; it must be one line."""
    with pytest.raises(ConfigurationError) as caught:
        find_stimuli(folder, benchmark).first(5)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.status == ExitStatus.USAGE
    return message


def test_the_catalogue_holds_the_five_benchmarks_of_four_tasks() -> None:
    official = [b for b in list_benchmarks() if not b.demo]
    facts = {b.id: (b.task, b.input_bytes, b.classes, b.metric, b.target, b.stimuli) for b in official}
    assert facts == {
        "ad01": ("anomaly detection", 2560, 2, "auc", 0.85, 248),
        "ic01": ("image classification", 3072, 10, "top1", 85.0, 200),
        "ic02": ("image classification", 3072, 10, "top1", 91.0, 200),
        "kws01": ("keyword spotting", 490, 12, "top1", 90.0, 1000),
        "vww01": ("visual wake words", 27648, 2, "top1", 80.0, 1000),
    }
    assert all(b.model_string == b.id for b in list_benchmarks())
    assert {b.run.windows for b in list_benchmarks()} == {5}
    assert [(b.id, b.stride_bytes) for b in official if b.stride_bytes] == [("ad01", 512)]


@pytest.mark.parametrize(("wrong", "meant"), [("kws1", "kws01"), ("KWS01", "kws01"), ("ad1", "ad01")])
def test_an_unknown_benchmark_is_met_with_a_suggestion(wrong: str, meant: str) -> None:
    known = "known: ad01, .*ic01, ic02, kws01, vww01"
    with pytest.raises(ConfigurationError, match=f"did you mean '{meant}'.*{known}"):
        load_benchmark(wrong)


def test_a_hopeless_name_gets_the_list_only() -> None:
    with pytest.raises(ConfigurationError, match="unknown benchmark 'zzzzzz' \\(known"):
        load_benchmark("zzzzzz")


def test_blanks_crlf_empty_lines_and_a_byte_order_mark_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "y_labels.csv"
    file.write_bytes(b"\xef\xbb\xbfa.bin, 12, 3\r\n\r\n b.bin ,12,11\r\n")
    assert [(label.file, label.label) for label in read_labels(file, KWS)] == [("a.bin", 3), ("b.bin", 11)]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("", "the label file is empty"),
        ("\n\n", "the label file is empty"),
        ("a.bin,12,1\nb.bin,10,1", "line 2: 10 classes, but kws01 has 12"),
        ("a.bin,12,12", "line 1: class 12 is outside 0..11"),
        ("a.bin,12,-1", "line 1: class -1 is outside 0..11"),
        ("a.bin,12", "line 1: 2 fields instead of 3 or 5"),
        ("file,classes,class", "line 1: 'file,classes,class' looks like a header"),
        ("a.bin,12,1.5", "line 1: the class '1.5' is not a number"),
        ("a.bin,12,²", "line 1: the class '\\xb2' is not a number"),
        ("a.bin,12,--1", "line 1: the class '--1' is not a number"),
        ("a.bin,12," + "9" * 5000, "line 1: the class '999"),
        ("../a.bin,12,1", "line 1: '../a.bin' is not a plain file name"),
        ("/etc/passwd,12,1", "is not a plain file name"),
        ("c:\\a.bin,12,1", "is not a plain file name"),
        ("..,12,1", "is not a plain file name"),
        (",12,1", "is not a plain file name"),
        ("a\x00b,12,1", "is not a plain file name"),
        ("a.bin,12,1\na.bin,12,1", "line 2: 'a.bin' is listed twice (first in line 1)"),
        ("a.bin,12,1,490,10", "line 1: window of 490 bytes by 10, but kws01 has 490 by no stride"),
    ],
)
def test_a_wrong_label_file_is_refused_by_line(tmp_path: Path, lines: str, complaint: str) -> None:
    (tmp_path / "y_labels.csv").write_bytes(lines.encode())
    message = refusal(tmp_path)
    assert complaint in message
    assert str(tmp_path / "y_labels.csv") in message
    assert "Try the label file of kws01" in message


def test_the_label_file_of_another_window_is_refused(tmp_path: Path) -> None:
    (tmp_path / "y_labels.csv").write_text("a.bin,2,1,2560,256\n")
    assert "window of 2560 bytes by 256, but ad01 has 2560 by 512" in refusal(tmp_path, AD)


def test_a_binary_label_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "y_labels.csv").write_bytes(bytes(range(256)))
    assert "line 3: not text in UTF-8: byte 129 is 0x80" in refusal(tmp_path)


def test_a_huge_label_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "y_labels.csv").open("wb") as file:
        file.truncate(2**40)
    assert "too much for a label file" in refusal(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_give_labels_or_one_line(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "hostile.csv"
    file.write_bytes(data)
    try:
        labels = read_labels(file, KWS)
    except ConfigurationError as error:
        assert "\n" not in str(error)
    else:
        assert all(0 <= label.label < 12 for label in labels)


@pytest.mark.parametrize("inside", [".", "kws01"])
def test_stimuli_are_found_in_the_folder_or_below_it(tmp_path: Path, inside: str) -> None:
    write_stimuli(tmp_path / inside, KWS)
    folder = find_stimuli(tmp_path, KWS)
    first = folder.first(5)
    assert [s.file for s in first] == [f"s{k}.bin" for k in range(5)]
    assert first[3].input_at() == bytes([3]) * 490
    assert first[3].sha256 == hashlib.sha256(bytes([3]) * 490).hexdigest()
    assert list(first[3].windows()) == [(0, bytes([3]) * 490)]


def test_ic02_finds_the_stimuli_of_ic01(tmp_path: Path) -> None:
    write_stimuli(tmp_path / "ic01", load_benchmark("ic01"))
    assert find_stimuli(tmp_path, load_benchmark("ic02")).path == tmp_path / "ic01"


def test_only_the_stimuli_asked_for_must_exist(tmp_path: Path) -> None:
    write_stimuli(tmp_path, KWS, count=7)
    (tmp_path / "s5.bin").unlink()
    assert len(find_stimuli(tmp_path, KWS).first(5)) == 5
    with pytest.raises(ConfigurationError, match=r"s5\.bin: no such file"):
        find_stimuli(tmp_path, KWS).all()


def test_windows_slide_over_a_longer_file(tmp_path: Path) -> None:
    write_stimuli(tmp_path, AD, windows=3)
    stimulus = find_stimuli(tmp_path, AD).first(5)[2]
    assert [offset for offset, _ in stimulus.windows()] == [0, 512, 1024]
    assert {len(data) for _, data in stimulus.windows()} == {2560}
    with pytest.raises(ConfigurationError, match="no input begins at byte 256"):
        stimulus.input_at(256)


def test_too_few_labels_are_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path, KWS, count=4)
    assert "lists 4 stimuli, not 5" in refusal(tmp_path)


def test_missing_short_and_long_files_are_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path, KWS)
    file = tmp_path / "s4.bin"
    file.write_bytes(b"x" * 489)
    assert re.search(r"s4\.bin: 489 bytes, but a stimulus of kws01 has 490 bytes", refusal(tmp_path))
    file.write_bytes(b"x" * 491)
    assert "491 bytes" in refusal(tmp_path)
    file.unlink()
    assert "s4.bin: no such file, but y_labels.csv lists it" in refusal(tmp_path)
    file.mkdir()
    assert "s4.bin: no such file" in refusal(tmp_path)


def test_a_file_too_short_for_one_window_is_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path, AD)
    (tmp_path / "s0.bin").write_bytes(b"x" * 2559)
    assert "has at least 2560 bytes" in refusal(tmp_path, AD)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path / "in", KWS)
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"x" * 490)
    (tmp_path / "in" / "s0.bin").unlink()
    (tmp_path / "in" / "s0.bin").symlink_to(secret)
    assert "link that leaves the stimuli folder" in refusal(tmp_path / "in")


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path, KWS)
    (tmp_path / "s0.bin").unlink()
    (tmp_path / "s0.bin").symlink_to(tmp_path / "s0.bin")
    assert "s0.bin" in refusal(tmp_path)


def test_a_stimulus_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    write_stimuli(tmp_path, KWS)
    stimulus = find_stimuli(tmp_path, KWS).first(1)[0]
    stimulus.path.write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="changed from 490 to 5 bytes"):
        stimulus.input_at()


def test_a_folder_without_stimuli_is_refused(tmp_path: Path) -> None:
    assert "holds no y_labels.csv" in refusal(tmp_path)
    assert "no such folder" in refusal(tmp_path / "absent")

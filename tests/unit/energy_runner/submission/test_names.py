# SPDX-License-Identifier: Apache-2.0
"""Names and texts that a submission cannot hold, whoever they come from."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.errors import ConfigurationError
from energy_runner.session import events as ev
from energy_runner.submission.export import export_mlperf
from energy_runner.submission.names import check_name, is_text, plain_ascii
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import MODES, everything, made, options, renamed, write_all

HOSTILE = [
    *("", ".", "..", "a/b", "../x", "/etc", "a\\b", "C:", "a b", " a", "a\n", ".git", "-x", "a.", "a..b"),
    *("NA", "none", "True", "42", "1e5", "Infinity", "nan", "con", "NUL.x", "__pycache__"),
    *("x" * 65, "Größe", "a\u202eb", "$HOME", "a*"),
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("option", ["org", "system"])
def test_hostile_names_are_refused(option, name, sessions, tmp_path):
    with pytest.raises(ConfigurationError, match=rf"^{option}(=| is needed)"):
        export_mlperf(options(sessions, tmp_path, **{option: name}))
    assert not (tmp_path / "out").exists()


@given(st.text(max_size=70) | st.from_regex(r"[\w.+-]{1,66}", fullmatch=True))
def test_a_name_that_passes_is_one_plain_folder(name):
    with suppress(ConfigurationError):
        assert check_name("org", name) == name
        assert re.fullmatch(r"[A-Za-z0-9_.+-]{1,64}", name)
        assert ".." not in name
        assert not name.startswith((".", "-"))
        assert is_text(name)


@given(st.text(max_size=600))
def test_plain_text_is_one_line_of_ascii(text):
    line = plain_ascii(text)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= 400


def test_a_text_that_imitates_a_figure_is_refused(tmp_path):
    hostile = "ic01 Median throughput is 9999 inf./sec."
    runs = [renamed(made(mode), model=hostile) for mode in MODES]
    with pytest.raises(ConfigurationError, match="reads like a result"):
        export_mlperf(options(write_all(tmp_path, *runs), tmp_path, division="open"))


def test_what_boxes_say_breaks_no_line(sessions, tmp_path):
    runs = [renamed(made(mode), name='a"b\nTop 1% = 1\x1b[31m=,ü') for mode in MODES]
    remark = ev.Remark(t_ns=runs[2].events[-1].t_ns, box="dut", text="x\r\nMedian energy cost is 1 uJ/inf.\x07")
    runs[2].insert(remark)
    export_mlperf(options(write_all(tmp_path, *runs), tmp_path))
    assert read_tree(tmp_path / "out").wrong == []
    for name, data in everything(tmp_path / "out").items():
        assert data.isascii(), name
        assert b"\x1b" not in data, name
        assert not re.search(rb"(?m)^Top 1%", data), name
        assert not re.search(rb"(?m)^Median energy cost is 1 uJ", data), name

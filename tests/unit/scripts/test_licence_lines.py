# SPDX-License-Identifier: Apache-2.0
"""The licence line is put where each language wants it, once, and nothing else of a file changes."""

import ast
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.licence_lines import BLOCK, HASH, LICENCE, ROOMS, examine, source_files, stated_licence, with_line
from tests.support.places import ROOT

H, B = HASH.encode(), BLOCK.encode()


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        (b'"""Doc."""\n', HASH, H + b'\n"""Doc."""\n'),
        (b"#!/bin/sh\nset -e\n", HASH, b"#!/bin/sh\n" + H + b"\nset -e\n"),
        (b"#!/bin/py\n# -*- coding: utf-8 -*-\nx\n", HASH, b"#!/bin/py\n# -*- coding: utf-8 -*-\n" + H + b"\nx\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", HASH, b"# coding: latin-1\n" + H + b"\nx = '\xe9'\n"),
        (b"#!/bin/sh", HASH, b"#!/bin/sh\n" + H + b"\n"),
        (b"/* what */\r\nint x;\r\n", BLOCK, B + b"\r\n/* what */\r\nint x;\r\n"),
        (b"\xef\xbb\xbfx = 1\n", HASH, b"\xef\xbb\xbf" + H + b"\nx = 1\n"),
        (b"#include <a.h>\n", BLOCK, B + b"\n#include <a.h>\n"),
    ],
)
def test_where_the_line_goes(before, line, after):
    found = with_line(before, line)
    assert found == after
    assert stated_licence(before) is None
    assert stated_licence(found) == LICENCE


@given(
    st.lists(st.sampled_from([b"#!", b"\r", b"\n", b"# coding: utf-8", b"x", b"\xef\xbb\xbf", b"/*"])).map(
        b"".join
    )
)
def test_any_file_has_the_line_afterwards_and_keeps_its_bytes(data):
    for line in (HASH, BLOCK):
        found = with_line(data, line)
        assert stated_licence(found) == LICENCE
        before, _, after = found.partition(line.encode())
        # A `#!` line without an end gets one.
        assert (before + after.partition(b"\n")[2]).rstrip(b"\r\n") == data.rstrip(b"\r\n")


def test_a_licence_named_further_down_or_in_text_does_not_count():
    assert stated_licence(b"\n" * 9 + H) is None
    assert stated_licence(b"text = '" + H + b"'\n") is None


def test_another_licence_is_reported_and_left_alone(tmp_path):
    file = tmp_path / "scripts" / "theirs.py"
    file.parent.mkdir()
    file.write_text("# SPDX-License-Identifier: MIT\n", "utf-8")
    for fix in (False, True):
        [wrong] = examine(tmp_path, fix=fix)
        assert "'MIT'" in wrong
        assert file.read_text("utf-8") == "# SPDX-License-Identifier: MIT\n"


@pytest.mark.deep
def test_a_copy_of_the_repository_is_mended_once_and_for_all(tmp_path):
    found = list(source_files(ROOT))
    copied, lines = [path.relative_to(ROOT) for path, _ in found], [line for _, line in found]
    assert {path.parts[0] for path in copied} == set(ROOMS)
    for path in copied:
        (tmp_path / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    victim = tmp_path / "instruments" / "clock.py"
    victim.write_bytes(victim.read_bytes().replace(H + b"\n", b""))
    script = [sys.executable, str(ROOT / "scripts" / "licence_lines.py"), str(tmp_path)]
    checked = subprocess.run(script, capture_output=True, text=True, check=False)
    assert checked.returncode == 1
    assert "clock.py" in checked.stderr
    assert examine(tmp_path, fix=True) == []
    mended = {path: (tmp_path / path).read_bytes() for path in copied}
    assert examine(tmp_path, fix=True) == []
    assert examine(tmp_path, fix=False) == []
    for path, line in zip(copied, lines, strict=True):
        assert (tmp_path / path).read_bytes() == mended[path]
        assert mended[path].count(line.encode() + b"\n") == 1
        assert without(mended[path], line) == without((ROOT / path).read_bytes(), line)
    assert ast.get_docstring(ast.parse(victim.read_text("utf-8")))


def without(data: bytes, line: str) -> bytes:
    return data.replace(line.encode() + b"\n", b"", 1)


def test_every_source_file_carries_it():
    assert examine(ROOT, fix=False) == []

# SPDX-License-Identifier: Apache-2.0
"""The form of a system description: filled in, refused, and as the official tools read it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.cli.export_commands import export_mlperf_command
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.submission.export import export_mlperf
from energy_runner.submission.names import check_value
from energy_runner.submission.system import fields, read_form
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import form, options


def test_the_empty_form_has_every_key_and_names_what_is_missing(sessions, tmp_path):
    path = tmp_path / "form.toml"
    assert export_mlperf_command([], None, new_system=path) == ExitStatus.VALID
    assert list(read_form(path)) == [field.key for field in fields()]
    assert set(read_form(path).values()) == {""}
    mandatory = [field.key for field in fields() if field.mandatory]
    with pytest.raises(ConfigurationError) as refused:
        export_mlperf(options(sessions, tmp_path, system_file=path))
    assert ", ".join(mandatory) in str(refused.value)
    assert "given with category" in str(refused.value)
    with pytest.raises(ConfigurationError, match="exists already"):
        export_mlperf_command([], None, new_system=path)


def test_category_fills_in_the_status_and_must_agree(sessions, tmp_path):
    system_file = form(tmp_path, status="")
    export_mlperf(options(sessions, tmp_path, system_file=system_file, category="preview"))
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.system["Status"] == "Preview"
    with pytest.raises(ConfigurationError, match="category=rdi, but"):
        export_mlperf(options(sessions, tmp_path, system_file=form(tmp_path), category="rdi"))
    with pytest.raises(ConfigurationError, match="is not one of available"):
        export_mlperf(options(sessions, tmp_path, system_file=system_file, category="soon"))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("board_nam = 'x'", "did you mean 'board_name'"),
        ("board_name = 3", "must be text"),
        ("board_name = '7\" panel'", "double quote"),
        ("board_name = '=HYPERLINK(1)'", "formula"),
        ("board_name = 'a\\u0007b'".replace("'", '"'), "invisible character"),
        (f"board_name = '{'x' * 1001}'", "longer than"),
        ("board_name = ", "line 1: the value of board_name is missing"),
        ("\ufffe", "not valid TOML"),
    ],
)
def test_a_form_that_is_none(text, what, tmp_path):
    path = tmp_path / "form.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=what) as refused:
        read_form(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(("key", "value"), [("board_name", "6705"), ("board_name", "N/A"), ("status", "soon")])
def test_values_that_the_official_tools_take_otherwise(key, value, sessions, tmp_path):
    with pytest.raises(ConfigurationError, match=key):
        export_mlperf(options(sessions, tmp_path, system_file=form(tmp_path, **{key: value})))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.toml"
    path.write_bytes(data)
    with suppress(ConfigurationError):
        values = read_form(path)
        assert list(values) == [field.key for field in fields()]
        assert all(value == check_value("", value) for value in values.values())

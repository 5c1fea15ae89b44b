# SPDX-License-Identifier: Apache-2.0
"""Measuring a published session our way: which sessions are measured at all, and that nothing ends an audit."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published import measure as measure_room
from energy_runner.published.measure import Measured, measure
from energy_runner.published.model import EEMBC, WAKE_WORDS, InferCommand, PublishedSession
from energy_runner.rules import DEFAULT, load_rule_set

RULES = load_rule_set(DEFAULT)
COMMAND = InferCommand("a.bin", 0, 490, 100, 1, sent_ms=0)


def session(benchmark: str = "kws01", *commands: InferCommand) -> PublishedSession:
    return PublishedSession(Path("x"), EEMBC, "energy", benchmark, commands=list(commands))


@pytest.mark.parametrize("of", [session(), session(WAKE_WORDS, COMMAND), session(WAKE_WORDS)])
def test_without_commands_or_without_rules_of_ours_nothing_is_measured(of: PublishedSession) -> None:
    assert measure([of], "a", RULES) == Measured([], None)
    assert measure([of, session("kws01", COMMAND)], "a", RULES) == Measured([], None)


def test_the_number_of_commands_that_are_measured_is_limited_in_energy_mode(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure_room, "_held", lambda *_: [])
    monkeypatch.setattr(measure_room, "_MOST_COMMANDS", 2)
    assert measure([session("kws01", COMMAND, COMMAND)], "a", RULES) == Measured([], None)
    many = session("kws01", COMMAND, COMMAND, COMMAND)
    refused = measure([many], "a", RULES)
    assert refused.results == []
    assert isinstance(refused.error, SessionError)
    assert str(refused.error) == "3 commands are more than any energy session has, so it is not measured"
    assert measure([replace(many, mode="accuracy")], "a", RULES) == Measured([], None)


def test_what_a_session_provokes_is_kept_and_raised_by_nobody() -> None:
    measured = measure([session("kws01", COMMAND)], "a", RULES)  # its benchmark has no definition
    assert measured.results == []
    assert isinstance(measured.error, Exception)


def test_a_folder_that_cannot_be_removed_is_no_error_of_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(measure_room, "convert", lambda *_, **__: ["facts"])
    monkeypatch.setattr(measure_room, "hold_session", lambda *_: "held")
    monkeypatch.setattr(measure_room, "derived", lambda *_: "result")
    for fits, names in ((True, []), (False, ["energy-runner-"])):
        monkeypatch.setattr(measure_room, "fits_memory", lambda _, fits=fits: fits)
        with monkeypatch.context() as patched:
            patched.setattr(os, "rmdir", busy)
            assert measure([session("kws01", COMMAND)], "a", RULES) == Measured(["result"], None)  # type: ignore[list-item]
        assert [path.name[:14] for path in tmp_path.iterdir()] == names

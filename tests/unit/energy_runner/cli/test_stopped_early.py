# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C before a command handles signals itself: what is in doubt is said, and is in the status."""

import pytest
import typer

from energy_runner.cli import stopped_early
from energy_runner.cli.outcome import run_app
from energy_runner.errors import ExitStatus


@pytest.mark.parametrize("words", [["bench", "off", "x.toml"], ["bench", "doctor", "x.toml"]])
def test_a_command_about_the_supply_has_confirmed_nothing(words: list[str]) -> None:
    status, doubt = stopped_early(words)
    assert status == ExitStatus.BENCH_FAULT
    assert "MAY STILL BE ON" in doubt


@pytest.mark.parametrize("words", [[], ["run", "x"], ["bench", "list"], ["analyze", "bench", "off"]])
def test_others_have_switched_nothing_on(words: list[str]) -> None:
    assert stopped_early(words) == (ExitStatus.INTERRUPTED, "")


def test_the_message_and_the_status_are_those_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()

    @app.command(context_settings={"allow_extra_args": True})
    def interrupted() -> None:
        raise KeyboardInterrupt

    for words, status in ((["bench", "off", "x"], 3), (["sessions", "list"], 4)):
        assert run_app(app, words) == status
        said = capsys.readouterr().err
        assert said.strip().startswith("energy-runner: stopped by Ctrl-C (SIGINT)")
        assert ("MAY STILL BE ON" in said) == (status == 3)

# SPDX-License-Identifier: Apache-2.0
"""An export never hides that its stimuli are not the benchmark's own, or not known to be."""

from pathlib import Path

import pytest

from energy_runner.analysis import official
from energy_runner.benchmarks.official import Pins, class_pin, pins_of
from energy_runner.submission.export import export_mlperf
from energy_runner.submission.verdicts import RulesFailedError
from tests.support.submissions import everything, options


@pytest.fixture
def real_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "pins_of", pins_of)


@pytest.mark.usefixtures("real_pins")
def test_the_closed_division_refuses_stimuli_that_are_not_official(sessions: list[Path], tmp_path: Path) -> None:
    with pytest.raises(RulesFailedError, match=r"ic01 accuracy: rule 'official-set' failed: unofficial against"):
        export_mlperf(options(sessions, tmp_path))


@pytest.mark.usefixtures("real_pins")
@pytest.mark.parametrize("changes", [{"division": "open"}, {"despite": ["official-set"]}])
def test_every_file_of_an_export_names_them(
    sessions: list[Path], tmp_path: Path, changes: dict[str, object]
) -> None:
    export = export_mlperf(options(sessions, tmp_path, **changes))
    assert any("'official-set' failed: unofficial" in text for text in export.deviations)
    marked = [data for name, data in everything(tmp_path / "out").items() if name.endswith(("log.txt", ".md"))]
    assert marked
    assert all(
        b"NOTE stimuli of ic01: unofficial: 200 of 200 are not the benchmark's by name" in one for one in marked
    )


def test_stimuli_of_which_nobody_here_knows_the_content_are_named(
    sessions: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {class_pin(f"stimulus_{k}.bin", k % 10) for k in range(200)}
    monkeypatch.setattr(official, "pins_of", lambda _: Pins(frozenset(first), frozenset(), demonstration=False))
    export = export_mlperf(options(sessions, tmp_path))
    assert export.deviations == ()
    marked = [data for name, data in everything(tmp_path / "out").items() if name.endswith("log.txt")]
    assert all(b"NOTE stimuli of ic01: unknown: names and classes are official" in one for one in marked)


def test_official_stimuli_need_no_words(sessions: list[Path], tmp_path: Path) -> None:
    export_mlperf(options(sessions, tmp_path))
    assert not any(b"NOTE stimuli" in data for data in everything(tmp_path / "out").values())

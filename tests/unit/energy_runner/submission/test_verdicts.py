# SPDX-License-Identifier: Apache-2.0
"""Rules that failed stop an export, unless somebody takes responsibility and the export says so."""

import numpy as np
import pytest

from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.session import events as ev
from energy_runner.submission.export import export_mlperf
from energy_runner.submission.verdicts import RulesFailedError
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import everything, made, options, result_value, short_windows, strict, write_all
from tests.support.synthetic import Run


def test_failed_rules_are_refused_by_name(tmp_path):
    paths = short_windows(tmp_path)
    with pytest.raises(RulesFailedError) as refused:
        export_mlperf(options(paths, tmp_path))
    assert refused.value.status is ExitStatus.RULE_FAILED
    text = str(refused.value)
    assert "ic01 energy: rule 'window-length' failed: 9" in text
    assert "ic01 performance: rule 'window-length'" in text
    assert "despite=['window-length']" in text
    assert "division=open" in text
    assert "\n" not in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("way", ["despite", "open"])
def test_what_is_excused_is_said_everywhere(way, tmp_path):
    paths = short_windows(tmp_path)
    changes = {"despite": ["window-length"]} if way == "despite" else {"division": "open"}
    export = export_mlperf(options(paths, tmp_path, **changes))
    assert len(export.deviations) == 2
    reading = read_tree(tmp_path / "out")
    assert reading.wrong == []
    ((place, row),) = reading.rows.items()
    assert place[0] == ("closed" if way == "despite" else "open")
    assert row.throughput == pytest.approx(100 / 9.0, rel=1e-3)
    for name, data in everything(tmp_path / "out").items():
        assert b"window-length" in data, name
    assert "window-length" in row.system["Software Notes"]


def test_an_excuse_covers_only_its_rule(tmp_path):
    paths = short_windows(tmp_path)
    with pytest.raises(RulesFailedError, match="window-length"):
        export_mlperf(options(paths, tmp_path, despite=["spread"]))
    with pytest.raises(ConfigurationError, match="did you mean 'window-length'"):
        export_mlperf(options(paths, tmp_path, despite=["window-lenght"]))


def test_an_excuse_that_is_not_needed_is_told(sessions, tmp_path):
    export = export_mlperf(options(sessions, tmp_path, despite=["spread"]))
    assert export.deviations == ()
    assert any("spread" in remark for remark in export.remarks)


def wrong_answers() -> Run:
    def always_no(number: int, event: ev.AnyEvent) -> ev.AnyEvent:
        return event.model_copy(update={"results": [1.0] + [0.0] * 9})

    return made("accuracy").change(ev.InferenceDone, always_no)


def test_accuracy_below_target_is_for_the_open_division(tmp_path):
    paths = write_all(tmp_path, wrong_answers(), made("performance"), made("energy"))
    with pytest.raises(RulesFailedError, match="accuracy-target"):
        export_mlperf(options(paths, tmp_path))
    with pytest.raises(ConfigurationError, match="refuses in the closed division"):
        export_mlperf(options(paths, tmp_path, despite=["accuracy-target"]))
    export_mlperf(options(paths, tmp_path, division="open"))
    ((_, row),) = read_tree(tmp_path / "out").rows.items()
    assert row.accuracy == result_value(paths[0]) == 10


def test_lost_samples_leave_no_nan(sessions, tmp_path):
    run = made("energy")
    for lost in (5, 400, 1000, 1001):  # before, in and between windows
        run.samples[0][lost] = np.nan
    (path,) = write_all(tmp_path, run)
    named = [*sessions[:2], path]
    with pytest.raises(RulesFailedError, match="no-lost-samples"):
        export_mlperf(options(named, tmp_path))
    export_mlperf(options(named, tmp_path, despite=["no-lost-samples"]))
    for name, data in everything(tmp_path / "out").items():
        assert b"nan" not in data.lower(), name
        if name.endswith(".json"):
            strict(data)
    assert read_tree(tmp_path / "out").wrong == []


def test_without_a_figure_nothing_is_exported_not_even_open(sessions, tmp_path):
    run = made("energy").drop(ev.EdgeCaptured, [4])
    (path,) = write_all(tmp_path, run)
    with pytest.raises(ConfigurationError, match="no figure to export"):
        export_mlperf(options([*sessions[:2], path], tmp_path, division="open"))
    assert not (tmp_path / "out").exists()

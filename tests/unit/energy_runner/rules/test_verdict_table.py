# SPDX-License-Identifier: Apache-2.0
"""Verdicts and layers as tables: a row for each, with its own unit, and what is missing is said."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from energy_runner import api
from energy_runner.analysis import tables
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import Session
from energy_runner.session.layers import LayerResult, Layers
from tests.support.synthetic import Setup, make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return make_run(Setup(period_s=0.01, windows=2)).write(tmp_path_factory.mktemp("s") / "s")


def test_a_row_is_a_verdict_as_check_gives_it(session: Session) -> None:
    made, found = api.table([session, session], "verdicts"), api.check(session)
    assert len(made) == 2 * len(found)
    for row, verdict in enumerate(found):
        assert made["rule"][row] == verdict.id
        assert made["rule_set"][row] == verdict.rule_set
        state = "passed" if verdict.passed else "failed" if verdict.known else "not known"
        assert made["state"][row] == state
        assert bool(made["binding"][row]) == verdict.binding
        assert made["value"][row] == pytest.approx(verdict.value, nan_ok=True) or verdict.value is None
        assert made["unit"][row] == verdict.unit
    assert {"passed", "failed"} <= set(made["state"].tolist())


def test_numbers_of_verdicts_have_no_unit_of_their_column(session: Session, tmp_path: Path) -> None:
    made = api.table(session, "verdicts")
    made.save(tmp_path / "v.parquet")
    schema = pq.read_schema(tmp_path / "v.parquet")
    for name in ("value", "value_u", "low", "high"):
        assert schema.field(name).metadata[b"unit"] == b""
        assert b"row's unit" in schema.field(name).metadata[b"description"]


def test_a_row_is_a_layer_of_the_network(session: Session, monkeypatch) -> None:
    rows = [
        LayerResult(name="0 CONV_2D", operations=1000, duration_s=0.01, energy_j=2e-6, u_j=1e-8),
        LayerResult(name="1 SOFTMAX", operations=10, duration_s=0.001, energy_j=1e-7, u_j=1e-7),
    ]
    derived = tables.analyze(session)
    layers = Layers(inferences=200, energy_per_inference_j=2.1e-6, layers=rows)
    monkeypatch.setattr(tables, "analyze", lambda one: derived.model_copy(update={"layers": layers}))
    made = api.table(session, "layers")
    assert made["layer"].tolist() == [1, 2]
    assert made["name"].tolist() == ["0 CONV_2D", "1 SOFTMAX"]
    assert made["energy_j"].tolist() == [2e-6, 1e-7]
    assert made["energy_u_j"].tolist() == [1e-8, 1e-7]
    assert made["inferences"].tolist() == [200, 200]
    assert {column.name: column.unit for column in made.columns}["energy_u_j"] == "J"


def test_a_bench_that_marks_no_layers_is_said(session: Session) -> None:
    with pytest.raises(SessionError, match="has no layers: its bench does not mark the layers"):
        api.table(session, "layers")
    with pytest.raises(ConfigurationError, match="known: windows, inferences, layers, laps, verdicts"):
        api.table(session, "rules")

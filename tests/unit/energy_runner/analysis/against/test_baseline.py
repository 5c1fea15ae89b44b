# SPDX-License-Identifier: Apache-2.0
"""Where a baseline comes from: sessions, results, its own file; and files that are none."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_runner import api
from energy_runner.analysis.against.baseline import MOST_BYTES, Baseline, baseline_of, read_baseline
from energy_runner.analysis.against.compare import compare
from energy_runner.analysis.against.limit import parse_limit
from energy_runner.analysis.against.wording import in_words
from energy_runner.analysis.analyze import analyze
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import Session, write_result
from tests.support.report_sessions import performance_session
from tests.support.synthetic import Setup, make_run


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("against") / "session"
    found = make_run(Setup()).write(folder)
    write_result(found.path, analyze(found).model_copy(update={"valid": True}))
    return found


@pytest.fixture(scope="module")
def whole(session: Session) -> Baseline:
    return baseline_of(session)


def test_a_session_its_result_and_its_own_file_hold_the_same_figures(session: Session, tmp_path: Path) -> None:
    whole = baseline_of(session)
    assert set(whole.figures) == {"energy_per_inference", "energy_delay_product", "throughput", "latency"}
    assert whole.figures["latency"].value == pytest.approx(1 / whole.figures["throughput"].value)
    assert whole.figures["energy_per_inference"].parts
    api.write_baseline(session, tmp_path / "base.json")
    assert read_baseline(tmp_path / "base.json") == whole
    assert read_baseline(session.path) == read_baseline(session.path / "result.json") == whole
    shutil.copy(session.path / "result.json", tmp_path / "result.json")
    alone = read_baseline(tmp_path / "result.json")
    assert alone.figures == whole.figures
    assert alone.monitor is None


def test_a_session_against_itself_has_not_changed(session: Session) -> None:
    texts = ["energy_per_inference +1%", "throughput -1%", "latency +1%", "energy_delay_product +90%"]
    for one in api.compare_with_baseline(session, session.path, texts):
        assert (one.change, one.fails) == (0.0, False)


def test_a_performance_session_has_no_energy(tmp_path: Path) -> None:
    found = performance_session(tmp_path)
    write_result(found.path, analyze(found).model_copy(update={"valid": True}))
    api.write_baseline(found, tmp_path / "base.json")
    assert set(api.load_baseline(tmp_path / "base.json").figures) == {"throughput", "latency"}
    with pytest.raises(ConfigurationError, match="is for mode energy"):
        api.load_baseline(tmp_path / "base.json", ["energy_per_inference +2%"])


def test_what_cannot_be_compared_is_known_before_anything_is_measured(session: Session) -> None:
    for more, words in (
        ({"benchmark": "ad01"}, "benchmark is"),
        ({"mode": "accuracy"}, "mode is energy"),
        ({"fail_on": ["accuracy -1"]}, "for mode accuracy"),
        ({"fail_on": ["energy +1%"]}, "unknown quantity"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            api.load_baseline(session.path, **more)
    virtual = baseline_of(session).virtual
    if not virtual:
        with pytest.raises(ConfigurationError, match="virtual bench"):
            api.load_baseline(session.path, virtual=True)


def test_an_invalid_result_makes_no_baseline(session: Session, tmp_path: Path) -> None:
    shutil.copytree(session.path, tmp_path / "s")
    bad = Session.open(tmp_path / "s")
    write_result(bad.path, analyze(bad).model_copy(update={"valid": False}))
    with pytest.raises(ConfigurationError, match="not valid"):
        api.write_baseline(bad, tmp_path / "base.json")
    assert not (tmp_path / "base.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "NaN",
        '{"schema": "energy-runner/record/1"}',
        "[" * 100000,
        "\x00\x01",
        "1" * 10000,
        '{"schema": "energy-runner/baseline/2"}',
        '{"schema": "energy-runner/result/1"}',
        '{"schema": ["a"]}',
    ],
    ids=lambda text: text[:30],
)
def test_a_hostile_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(text, "utf-8")
    with pytest.raises((ConfigurationError, SessionError)) as refused:
        read_baseline(tmp_path / "b.json")
    assert "b.json" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_missing_and_too_large_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_baseline(tmp_path / "no.json")
    (tmp_path / "b.json").write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="longer than"):
        read_baseline(tmp_path / "b.json")
    with pytest.raises(SessionError):
        read_baseline(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.data())
def test_any_damage_to_the_file_is_read_or_refused(whole: Baseline, tmp_path: Path, data: st.DataObject) -> None:
    document = json.loads(whole.model_dump_json())
    path, place = [], document
    while isinstance(place, dict | list) and place and (not path or data.draw(st.booleans())):
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        path.append(key)
        place = place[key]
    inside = document
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = data.draw(
        st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.text(), st.just([]), st.just({}))
    )
    (tmp_path / "b.json").write_text(json.dumps(document))  # Infinity as well, which our own writer refuses
    try:
        found = read_baseline(tmp_path / "b.json")
    except ConfigurationError:
        return
    assert isinstance(found, Baseline)
    limits = [parse_limit("energy_per_inference +2%"), parse_limit("throughput -1%")]
    assert all(one.verdict and in_words(one) for one in compare(found, whole, limits))

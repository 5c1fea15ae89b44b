# SPDX-License-Identifier: Apache-2.0
"""Power test cases in YAML: what is read, what holds in common, and what is refused."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_runner.analysis.power_test.cases import MOST_BYTES, find_cases
from energy_runner.errors import ConfigurationError
from tests.support.drawn_phases import case_file

KEYS = {
    "elements_to_trim": 100,
    "min_peak_distance": 40,
    "min_peak_height": 0.008,
    "peak_padding": 40,
    "measurement_duration": 6,
    "num_of_transitions": 4,
    "expected_rms_values": [56.0, 4.0, 1.2, 0.26, 140],
    "tolerance_percentage": 20,
}


def written(folder: Path, document: object, name: str = "testcase.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(document), "utf-8")
    return folder / name


def power(**changes: object) -> dict[str, object]:
    asked = {**KEYS, **changes}
    return {
        "harness": "power",
        "harness_config": {"power_measurements": {k: v for k, v in asked.items() if v != ""}},
    }


def test_a_case_in_the_published_form_is_read(tmp_path: Path) -> None:
    (case,) = find_cases(case_file(tmp_path, expected="[56.0, 4.0, 1.2, 0.26, 140]"))
    assert case.name == "pm.power_states"
    assert case.measurements.model_dump() == KEYS


def test_what_is_common_holds_unless_a_case_says_otherwise(tmp_path: Path) -> None:
    own = {"harness_config": {"power_measurements": KEYS | {"num_of_transitions": 1}}}
    tests = {"a": None, "b": own, "c": {"harness": "console"}, "d": {"tags": ["pm"]}}
    cases = find_cases(written(tmp_path, {"common": power(), "tests": tests}))
    assert [(case.name, case.measurements.num_of_transitions) for case in cases] == [("a", 4), ("b", 1), ("d", 4)]


def test_all_files_of_twister_below_a_folder_are_read(tmp_path: Path) -> None:
    written(tmp_path / "one", {"tests": {"x": power()}})
    written(tmp_path / "two" / "deep", {"tests": {"y": power()}}, "sample.yaml")
    written(tmp_path / "three", {"tests": {"z": power()}}, "tests.yaml")
    written(tmp_path / "four", {"tests": {"w": power()}}, "other.yaml")
    assert {case.name for case in find_cases(tmp_path)} == {"x", "y", "z"}


def test_the_other_spelling_of_a_key_is_read_too(tmp_path: Path) -> None:
    path = written(tmp_path, {"tests": {"x": power(elements_to_trim="", element_to_trim=7)}})
    assert find_cases(path)[0].measurements.elements_to_trim == 7


WRONG = [
    ({"peak_padding": ""}, "peak_padding"),
    ({"min_peak_distance": 0}, "min_peak_distance"),
    ({"min_peak_height": "high"}, "min_peak_height"),
    ({"measurement_duration": 1e9}, "measurement_duration"),
    ({"measurement_duration": float("inf")}, "measurement_duration"),
    ({"num_of_transitions": -1}, "num_of_transitions"),
    ({"expected_rms_values": []}, "expected_rms_values"),
    ({"expected_rms_values": [1, "two"]}, "expected_rms_values.1"),
    ({"expected_rms_values": 5}, "expected_rms_values"),
    ({"tolerance_percentage": 0}, "tolerance_percentage"),
    ({"tolerance_percentage": float("nan")}, "tolerance_percentage"),
]


@pytest.mark.parametrize(("changes", "key"), WRONG, ids=str)
def test_a_wrong_value_is_refused_with_its_key(changes: dict[str, object], key: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"tests": {"x": power(**changes)}})
    with pytest.raises(ConfigurationError) as refused:
        find_cases(path)
    assert f"x: power_measurements.{key}" in str(refused.value)


HOSTILE = {
    "empty": "",
    "list": "- a\n- b\n",
    "no tests": "tests: {}\n",
    "tests is a list": "tests: [a]\n",
    "no power test": "tests:\n  x:\n    harness: ztest\n",
    "without measurements": "tests:\n  x:\n    harness: power\n",
    "config is a list": "tests:\n  x:\n    harness: power\n    harness_config: [a]\n",
    "python object": "tests: !!python/object/apply:os.system ['true']\n",
    "not closed": "tests: {x: [\n",
    "tab": "tests:\n\tx: 1\n",
    "deep": "[" * 100_000,
    "laughs": "a: &a [x]\n" + "".join(f"{k}: &{k} [{', '.join(['*a'] * 9)}]\n" for k in "bcdef"),
    "list as key": "tests:\n  ? [a]\n  : 1\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "testcase.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        find_cases(tmp_path / "testcase.yaml")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_a_misspelt_key_is_shown_among_those_that_are_there(tmp_path: Path) -> None:
    path = written(tmp_path, {"tests": {"x": power(min_peak_height="", min_peak_hight=0.008)}})
    with pytest.raises(ConfigurationError, match=r"min_peak_height: is missing.*min_peak_hight"):
        find_cases(path)


def test_missing_empty_and_too_large_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "no.yaml", tmp_path):
        with pytest.raises(ConfigurationError):
            find_cases(path)
    (tmp_path / "testcase.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="longer"):
        find_cases(tmp_path / "testcase.yaml")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYS, "x"]), inner, max_size=4),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(ANY, ANY)
def test_any_table_is_read_or_refused(tmp_path: Path, common: object, asked: object) -> None:
    tests = {"x": {"harness": "power", "harness_config": {"power_measurements": asked}}}
    path = written(tmp_path, {"common": common, "tests": tests})
    try:
        cases = find_cases(path)
    except ConfigurationError:
        return
    assert cases[0].measurements.expected_rms_values

# SPDX-License-Identifier: Apache-2.0
"""A rule set of one's own, in a file: what it may change, and what is wrong with one."""

import hashlib
from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.rules import check, evaluate, load_rule_set
from energy_runner.rules.own_set import read_rule_set
from energy_runner.rules.toml_lines import line_of
from energy_runner.session import events as ev
from tests.support.bent_runs import FAST, power
from tests.support.synthetic import make_run


def written(folder: Path, text: str, name: str = "my-lab.toml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


# --- what it may change ---------------------------------------------------------------------------------


def test_a_set_changes_limits_and_binding_of_the_one_it_is_based_on(tmp_path: Path) -> None:
    own = read_rule_set(
        written(
            tmp_path,
            'based_on = "lab"\n[rules]\nspread = { limit = 0.01, binding = "always" }\n'
            'window-length = { limit = 5, clause = "our handbook, 4.2" }\nvoltage = { binding = "always" }\n',
        )
    )
    lab = load_rule_set("lab")
    assert (own.id, own.based_on, own.title) == ("my-lab", "lab", "a rule set of your own")
    assert own.rules["spread"].limit == 0.01
    assert own.rules["spread"].binding == "always"
    assert own.rules["spread"].remark_above == lab.rules["spread"].remark_above
    assert (own.rules["window-length"].binding, own.rules["window-length"].limit) == ("never", 5)
    same = own.rules.keys() - {"spread", "window-length", "voltage"}
    assert all(own.rules[rule] == lab.rules[rule] for rule in same)
    assert list(own.rules) == list(lab.rules)
    assert own.audit == lab.audit


def test_a_changed_rule_does_not_keep_a_clause_that_never_demanded_it(tmp_path: Path) -> None:
    text = (
        'based_on = "mlperf-tiny-1.4"\n[rules]\nwindow-length = { limit = 5 }\nspread = { limit = 0.02 }\n'
        'window-inferences = { limit = 3, clause = "our handbook, 4.2" }\nwarm-ups = { binding = "always" }\n'
    )
    own, suite = read_rule_set(written(tmp_path, text)), load_rule_set("mlperf-tiny-1.4")
    length = own.rules["window-length"].clause
    assert length == f"my-lab: 5 instead of 10 ({suite.rules['window-length'].clause})"
    assert own.rules["window-inferences"].clause == "our handbook, 4.2"
    warm_ups = suite.rules["warm-ups"].clause
    assert own.rules["warm-ups"].clause == f"my-lab: binding 'always' instead of 'never' ({warm_ups})"
    assert own.rules["spread"].clause == suite.rules["spread"].clause


@pytest.mark.parametrize(
    ("text", "rule", "changed"),
    [
        (
            "window-length = { limit = 1, binding = 'never' }",
            "window-length",
            "1 instead of 10; binding 'never'",
        ),
        ("[benchmarks.kws01]\ntarget = 1", "accuracy-target", "target of kws01 1 instead of 90 ("),
        ("[benchmarks.kws01]\nstimuli = [5]", "accuracy-target", "kws01 with 5 instead of 1000 stimuli ("),
        ("[benchmarks.kws01]\nfirst = [['a.bin']]", "first-stimuli", "other first files of kws01 ("),
        ("[benchmarks.kws01]\nneeds = 'ic01'", "progressive-sizes", "kws01 needs ic01 instead of none ("),
        ("[benchmarks.ours]\ntarget = 50", "benchmark", "with ours as well ("),
    ],
)
def test_whatever_a_set_changes_is_in_the_clause_of_the_rule(
    tmp_path: Path, text: str, rule: str, changed: str
) -> None:
    suite = load_rule_set("mlperf-tiny-1.4")
    own = read_rule_set(written(tmp_path, f'based_on = "mlperf-tiny-1.4"\n[rules]\n{text}\n'))
    clause = own.rules[rule].clause
    assert clause.startswith(f"my-lab: {changed}")
    assert clause.endswith(f"({suite.rules[rule].clause})")
    others = own.rules.keys() - {rule}
    assert all(own.rules[other] == suite.rules[other] for other in others)


def test_other_runners_are_in_the_clause_and_the_suites_own_words_do_not_hide_a_change(tmp_path: Path) -> None:
    official = load_rule_set("mlperf-tiny-1.4").rules["window-length"].clause
    text = (
        'based_on = "mlperf-tiny-1.4"\nrunners = ["energy-runner"]\n'
        f'[rules]\nwindow-length = {{ limit = 1, clause = "{official}" }}\n'
    )
    own = read_rule_set(written(tmp_path, text))
    assert own.rules["runner"].clause.startswith("my-lab: runners energy-runner instead of MLCommons (")
    assert own.rules["window-length"].clause == f"my-lab: 1 instead of 10 ({official})"


def test_no_set_makes_a_run_valid_that_did_not_complete(tmp_path: Path) -> None:
    path = written(tmp_path, '[rules]\nspread = { limit = 0.02, binding = "always" }\n')
    for number, outcome in enumerate(("completed", "bench-fault", "interrupted", "failed")):
        run = make_run(FAST).change(ev.RunStopped, lambda _, e, now=outcome: e.model_copy(update={"outcome": now}))
        result = evaluate(run.write(tmp_path / str(number)), rule_set=path)
        assert result.verdicts[0].passed
        assert result.valid == (outcome == "completed")
    torn = make_run(FAST)
    torn.torn = b"{"
    assert not evaluate(torn.write(tmp_path / "torn"), rule_set=path).valid
    killed = make_run(FAST).change(ev.RunStopped, lambda _, event: None)
    assert not evaluate(killed.write(tmp_path / "killed"), rule_set=path).valid


@pytest.mark.parametrize(
    ("recorded", "outcome"),
    [("running", "killed"), ("bench-fault", "bench-fault"), ("interrupted", "interrupted")],
)
def test_a_record_that_says_that_the_run_went_wrong_outweighs_its_journal(
    recorded: str, outcome: str, tmp_path: Path
) -> None:
    """The record is written last: only it tells that the files could not be completed."""
    run = make_run(FAST)
    run.record = run.record.model_copy(update={"outcome": recorded, "reason": "the disk is full"})
    result = evaluate(run.write(tmp_path / "s"))
    assert result.outcome == outcome
    assert not result.valid
    [verdict] = [one for one in result.verdicts if one.id == "run-completed"]
    assert (verdict.passed, verdict.measured) == (False, outcome)
    assert "the disk is full" in verdict.note


def test_a_remark_is_dropped_where_the_limit_is_drawn_in_to_it(tmp_path: Path) -> None:
    own = read_rule_set(written(tmp_path, 'based_on = "lab"\n[rules]\nspread = { limit = 0.004 }\n'))
    assert own.rules["spread"].remark_above is None


def test_a_rule_is_added_by_its_id(tmp_path: Path) -> None:
    text = 'based_on = "lab"\n[rules]\nfirst-stimuli = { binding = "always" }\n'
    own = read_rule_set(written(tmp_path, text))
    assert list(own.rules)[-1] == "first-stimuli"
    assert own.rules["first-stimuli"].clause == "my-lab: demanded by this rule set"


def test_a_set_may_stand_on_its_own(tmp_path: Path) -> None:
    text = (
        'id = "acme-1"\ntitle = "Acme"\nsources = ["handbook"]\nrunners = ["energy-runner"]\n'
        '[rules]\nrun-completed = { binding = "always", clause = "4.1" }\nrunner = { binding = "always" }\n'
        "[benchmarks.kws01]\ntarget = 92\nstimuli = [1000]\n"
    )
    own = read_rule_set(written(tmp_path, text))
    assert (own.id, own.title, own.based_on) == ("acme-1", "Acme", None)
    assert list(own.rules) == ["run-completed", "runner"]
    assert (own.benchmarks["kws01"].target, own.benchmarks["kws01"].stimuli) == (92.0, (1000,))
    with pytest.raises(ConfigurationError, match=r"acme-1 has no 'equal-rates' in \[audit\].*based_on"):
        own.audit_limit("equal-rates")
    with pytest.raises(ConfigurationError, match="acme-1 gives no limit for 'window-length'"):
        own.limit("window-length")


def test_a_benchmarks_target_is_changed_and_the_rest_of_it_kept(tmp_path: Path) -> None:
    text = 'based_on = "mlperf-tiny-1.4"\n[benchmarks]\nkws01 = { target = 92.5 }\n'
    own, suite = read_rule_set(written(tmp_path, text)), load_rule_set("mlperf-tiny-1.4")
    assert own.benchmarks["kws01"] == suite.benchmarks["kws01"].model_copy(update={"target": 92.5})
    verdict = check(make_run(mode="accuracy").write(tmp_path / "s"), ["accuracy-target"], rule_set=own)[0]
    assert verdict.low == 92.5


def test_a_file_as_windows_writes_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_bytes(b"\xef\xbb\xbf" + b'based_on = "lab"\r\n[rules]\r\nspread = { limit = 0.01 }\r\n')
    assert read_rule_set(path).rules["spread"].limit == 0.01


# --- what it decides ------------------------------------------------------------------------------------


def test_a_result_says_by_which_file_it_was_judged(tmp_path: Path) -> None:
    session = power(1.0, 1.0, 1.015, 1.0, 1.0)(make_run(FAST)).write(tmp_path / "s")
    text = 'based_on = "mlperf-tiny-1.4"\n[rules]\nspread = { limit = 0.01 }\n'
    path = written(tmp_path, text)
    suite, own = evaluate(session), evaluate(session, rule_set=path)
    assert (suite.valid, suite.rule_set_sha256) == (True, None)
    assert (own.valid, own.rule_set) == (False, "my-lab")
    assert own.rule_set_sha256 == hashlib.sha256(text.encode()).hexdigest()
    (spread,) = [verdict for verdict in own.verdicts if verdict.id == "spread"]
    assert (spread.high, spread.rule_set, spread.passed) == (0.01, "my-lab", False)
    assert "0.01 instead of 0.02" in spread.clause
    assert own.energy_per_inference_j == suite.energy_per_inference_j


def test_a_rule_switched_to_informing_makes_no_run_invalid(tmp_path: Path) -> None:
    session = make_run(FAST, window_s=2.0).write(tmp_path / "s")
    path = written(tmp_path, 'based_on = "mlperf-tiny-1.4"\n[rules]\nwindow-length = { binding = "never" }\n')
    assert not evaluate(session).valid
    assert evaluate(session, rule_set=str(path)).valid


# --- what is wrong with one -----------------------------------------------------------------------------

BASED = 'based_on = "lab"\n[rules]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('based_on = "lav"\n', r"line 1: unknown rule set 'lav'; did you mean 'lab'\? \(known: lab, mlperf"),
        ("[rules]\nsprad = { limit = 1 }\n", r"line 2: unknown rule 'sprad'; did you mean 'spread'\?"),
        (BASED + "\n[rules.spread]\nlimit = 'x'\n", r"line 5: rules.spread.limit = 'x': must be a number"),
        (BASED + "spread.limit = true\n", r"line 3: rules.spread.limit = True: must be a number"),
        (BASED + "spread = { limit = nan }\n", r"line 3: rules.spread.limit = nan: must be a number"),
        (BASED + f"spread = {{ limit = 1{'0' * 400} }}\n", r"line 3: rules.spread.limit: the whole number 10"),
        (BASED + "spread = { binding = 'sometimes' }\n", r"line 3: .* must be 'always', 'if known' or 'never'"),
        (
            BASED + "spread = { bindin = 'never' }\n",
            r"line 3: unknown key 'rules.spread.bindin'; did you mean 'bi",
        ),
        (BASED + "spread = 5\n", r"line 3: rules.spread must be a table"),
        (BASED + "spread = { clause = '' }\n", r"line 3: rules.spread.clause = ''"),
        (BASED + "score = { limit = 5 }\n", r"line 3: rules.score.limit: this rule has no limit"),
        (BASED + "score = { remark_above = 5 }\n", r"line 3: rules.score.remark_above: this rule makes no remark"),
        (BASED + "spread = { remark_above = 0.02 }\n", r"line 3: .*remark_above = 0.02: must be below .* 0.02"),
        (BASED + "first-stimuli = {}\n", r"line 3: rules.first-stimuli: binding is missing: 'always', 'if known'"),
        ("[rules]\nspread = { binding = 'never' }\n", r"line 2: rules.spread: limit is missing: \(largest"),
        ('based_on = "lab"\nrulez = {}\n', r"line 2: unknown key 'rulez'; did you mean 'rules'\?"),
        ('id = "lab"\nbased_on = "lab"\n', r"line 1: id = 'lab': is the id of a built-in rule set"),
        ('id = "LAB"\nbased_on = "lab"\n', r"line 1: id = 'LAB': is the id of a built-in rule set.*'my-lab'"),
        (
            'based_on = "lab"\ntitle = "mlperf tiny V1.4, closed division, single stream"\n',
            r"line 2: title = .*: is the title of the built-in rule set mlperf-tiny-1.4",
        ),
        (BASED + "Spread = { limit = 0.01 }\n", r"line 3: unknown rule 'Spread'; did you mean 'spread'\?"),
        ('id = "a b"\nbased_on = "lab"\n', r"line 1: id = 'a b': must be letters, digits"),
        ("", r"my-lab.toml: asks for no rule. Try: based_on = 'lab'"),
        ('title = "x"\n', r"asks for no rule"),
        (BASED + "[benchmarks.new]\nstimuli = [5]\n", r"line 3: benchmarks.new: target is missing"),
        ("[benchmarks.kws01]\ntarget = 'x'\n", r"line 2: benchmarks.kws01.target = 'x'"),
        (
            'based_on = "mlperf-tiny-1.4"\n[benchmarks.kws01]\nneeds = "ic09"\n',
            r"line 3: benchmarks.kws01.needs: unknown benchmark 'ic09'; did you mean 'ic0[12]'",
        ),
        (
            "[audit]\nequal-rate = { limit = 1, clause = 'c' }\n[rules]\nscore = { binding = 'never' }\n",
            r"line 2: unknown limit of an audit 'equal-rate'; did you mean 'equal-rates'",
        ),
        ("[audit]\nequal-rates = { limit = 1 }\n", r"line 2: audit.equal-rates.clause is missing"),
        ("[rules\n", r"line 1: the bracket of a table's name is not closed"),
        ("a = " + "[" * 5000, r"nested more than 8 deep"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_possible(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        load_rule_set(written(tmp_path, text))
    assert str(refused.value).startswith(str(tmp_path / "my-lab.toml"))
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read as text"):
        load_rule_set(path)
    path.write_bytes(b"#" * (2 << 20))
    with pytest.raises(ConfigurationError, match="longer than 32768 characters"):
        load_rule_set(path)


@pytest.mark.parametrize("name", ["my-lab.toml", "rules/mine", "../mine"])
def test_a_file_that_is_not_there_is_said_to_be_missing(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no such rule set file"):
        load_rule_set(name)


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("rules", "spread", "limit"), 6),
        (("rules", "spread", "gone"), 5),
        (("rules", "drift", "limit"), 3),
        (("a", "b.c"), 8),
        (("rules",), 2),
        (("nothing",), None),
    ],
)
def test_the_line_of_a_key(place: tuple[str, ...], line: int | None) -> None:
    text = 'id = "x"\n[rules]\ndrift = { limit = 1 } # drift\n\n[rules.spread] # here\nlimit = 1\n[a]\n"b.c" = 1\n'
    assert line_of(text, place) == line


@pytest.mark.parametrize(
    "text",
    [
        "based_on = 'lab'\nrules.spread.limit = " + "9" * 5000,
        "a." * 3000 + "b = 1",
        "x = " + "[" * 5000,
        "title = '\x00'",
        "x = " + "9" * 30,
    ],
)
def test_what_toml_allows_and_no_rule_set_needs_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_rule_set(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert line.isprintable()
    assert len(line) < 600
    assert "set_int_max_str_digits" not in line

# SPDX-License-Identifier: Apache-2.0
"""Which answers make a metric: the inputs of a stimulus, counted by hand for a few stimuli."""

import pytest

from energy_runner.analysis.accuracy import measure_accuracy
from energy_runner.analysis.facts import Facts, gather
from energy_runner.session import events as ev
from energy_runner.session.record import Record, StimulusFile
from tests.support.synthetic import make_run

TWO = [1.0, 0.0]


def record(stimuli: list[tuple[int, int, int]], metric: str = "top1", stride: int | None = None) -> Record:
    """Return a record of inputs of 50 bytes; of each stimulus label, offset and size."""
    given = make_run(mode="accuracy", windows=1).record
    facts = {"metric": metric, "stride_bytes": stride, "input_bytes": 50, "classes": 2}
    files = [
        StimulusFile(file=f"f{k}", label=label, offset=offset, size=size, sha256="0" * 64)
        for k, (label, offset, size) in enumerate(stimuli)
    ]
    return given.model_copy(update={"benchmark": given.benchmark.model_copy(update=facts), "stimuli": files})


def facts(*answers: tuple[int, int, list[float]]) -> Facts:
    """Return facts with answers to a stimulus at an offset."""
    return gather(
        [
            ev.InferenceDone(
                t_ns=k,
                purpose="accuracy",
                stimulus=stimulus,
                offset=offset,
                inferences=1,
                warmups=0,
                sent_ns=0,
                start_line_ns=None,
                done_line_ns=None,
                results=results,
                dut_laps_us=[],
            )
            for k, (stimulus, offset, results) in enumerate(answers)
        ]
    )


@pytest.mark.parametrize(
    ("offset", "size", "stride", "offsets"),
    [
        (0, 50, None, [0]),
        (0, 500, None, [0]),  # without a stride a file is one input, however long
        (0, 500, 0, [0]),
        (0, 50, 100, [0]),
        (0, 149, 100, [0]),
        (0, 150, 100, [0, 100]),
        (100, 300, 100, [100, 200]),
        (120, 300, 100, [120, 220]),
        (0, 40, 100, [0]),  # shorter than an input
        (0, 52, 1, [0, 1, 2]),
    ],
)
def test_a_stimulus_is_answered_at_each_stride_that_leaves_room_for_an_input(
    offset: int, size: int, stride: int | None, offsets: list[int]
) -> None:
    given = record([(0, offset, size)], stride=stride)
    for answered in (offsets, offsets[:-1], [*offsets, offsets[-1] + 1000], [one + 1 for one in offsets]):
        found, findings = measure_accuracy(facts(*((0, at, TWO) for at in answered)), given)
        assert found.value == (100.0 if answered == offsets else None)
        assert [finding.id for finding in findings] == ([] if answered == offsets else ["answers-missing"])


@pytest.mark.parametrize("number", [-1, 2])
def test_an_answer_to_a_stimulus_that_there_is_not_is_said_beside_all_others(number: int) -> None:
    given = record([(0, 0, 50), (1, 0, 50)])
    found, (finding,) = measure_accuracy(facts((0, 0, TWO), (1, 0, TWO), (number, 0, TWO)), given)
    assert (found.value, finding.id) == (None, "answers-missing")
    assert finding.detail == f"1 of 2 stimuli not answered exactly once, first number {number}"


def test_the_first_stimulus_without_an_answer_is_named() -> None:
    given = record([(0, 0, 50), (1, 0, 50), (1, 0, 50)])
    found, (finding,) = measure_accuracy(facts((0, 0, TWO)), given)
    assert (found.value, finding.detail) == (None, "2 of 3 stimuli not answered exactly once, first f1")


def test_of_two_answers_to_one_input_the_first_says_whether_a_class_is_named() -> None:
    given = record([(0, 0, 50)])
    found, findings = measure_accuracy(facts((0, 0, TWO), (0, 0, [0.0, 0.0])), given)
    assert (found.value, [finding.id for finding in findings]) == (None, ["answers-missing"])


def test_an_error_is_the_mean_over_a_file_however_many_inputs_it_has() -> None:
    """10 once is more than 9 three times: the anomalous file stands out."""
    given = record([(1, 0, 50), (0, 0, 250)], metric="auc", stride=100)
    answers = [(0, 0, [10.0]), *((1, at, [9.0]) for at in (0, 100, 200))]
    assert measure_accuracy(facts(*answers), given)[0].value == 1.0


def test_answers_of_other_commands_do_not_count() -> None:
    given = facts((0, 0, TWO))
    other = next(iter(given.inferences)).model_copy(update={"purpose": "window"})
    found, findings = measure_accuracy(gather([other]), record([(0, 0, 50)]))
    assert (found.value, found.stimuli, [one.id for one in findings]) == (None, 0, ["answers-missing"])

# SPDX-License-Identifier: Apache-2.0
"""What damage of the data can explain, against figures whose possible range is known in closed form."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.audit import audit
from energy_runner.published.model import EEMBC, Answers, EembcTrace, Figure, MlcommonsPass, Note, PublishedSession
from energy_runner.published.reproduce.damage import explained as explained_by_data
from tests.support import forgeries as forge
from tests.support.published_sessions import write_eembc, write_mlcommons

COSTS = {2: 10.0, 4: 20.0, 6: 30.0, 8: 40.0, 10: 50.0}
MINE = [
    *(Figure("Energy/Inf.", number, f"{cost:.3f}") for number, cost in COSTS.items()),
    Figure("Median energy cost", None, "30.000"),
]


def session(*notes: str, **fields: object) -> PublishedSession:
    listed = [Note(name, "x") for name in notes]
    return PublishedSession(Path("x"), EEMBC, "energy", "kws01", **{"notes": listed, **fields})  # type: ignore[arg-type]


def median(text: str) -> tuple[Figure, str]:
    return Figure("Median energy cost", None, text), "30.000"


def window(number: int, text: str = "7.000", mine: str = "NaN") -> tuple[Figure, str]:
    return Figure("Energy/Inf.", number, text), mine


def explained(
    of: PublishedSession, differing: Sequence[tuple[Figure, str]], mine: Sequence[Figure]
) -> frozenset[Figure]:
    """Publish the figures, of which the data give the other texts."""
    by_data = {(figure.field, figure.window): figure for figure in mine}
    by_data |= {(figure.field, figure.window): replace(figure, text=text) for figure, text in differing}
    return explained_by_data(replace(of, figures=[figure for figure, _ in differing]), [*by_data.values()])


@pytest.mark.parametrize(
    ("printed", "touched", "can_be"),
    [
        ("31.000", 0, False),
        ("30.0005", 1, True),  # to half a digit
        ("20.000", 1, True),  # with one of five unknown the median lies between the second and the fourth
        ("40.000", 1, True),
        ("19.990", 1, False),
        ("40.010", 1, False),
        ("999.000", 3, True),
    ],
)
def test_a_median_is_explained_only_as_far_as_unknown_windows_could_move_it(
    printed: str, touched: int, can_be: bool
) -> None:
    hurt = [6, 4, 8][:touched]
    mine = [one if one.window not in hurt else Figure("Energy/Inf.", one.window, "NaN") for one in MINE]
    differing = [*(window(number) for number in hurt), median(printed)]
    found = explained(session("trace-damaged"), differing, mine)
    assert (differing[-1][0] in found) == can_be
    assert {figure for figure, _ in differing[:-1]} <= found


def test_without_a_fault_nothing_is_explained_and_a_remark_is_no_fault() -> None:
    assert explained(session(), [window(2)], MINE) == frozenset()
    remark = session(notes=[Note("trace-damaged", "x", wrong=False)])
    assert explained(remark, [window(2)], MINE) == frozenset()


def test_damaged_samples_explain_only_what_is_added_up_from_them() -> None:
    trace = EembcTrace(
        np.array([1.0] * 10 + [-1.0] + [1.0] * 19, dtype=np.float32), 10.0, [0.1, 0.5, 1.5, 2.0, 2.5]
    )
    hurt = session("trace-damaged", trace=trace)
    assert explained(hurt, [window(2, mine="8.000")], MINE)  # the negative one is inside
    assert not explained(hurt, [window(4, mine="8.000")], MINE)
    assert not explained(hurt, [(Figure("Runtime", 2, "9.000"), "1.000")], MINE)
    assert not explained(hurt, [window(77, mine="8.000")], MINE)
    passes = [
        MlcommonsPass(1, samples_j=np.array([1.0, -1.0, 1.0, 1.0]), edges=edges) for edges in ((0, 2), (2, 4))
    ]
    other = session("trace-damaged", passes=passes)
    assert explained(other, [(Figure("Energy/Inf", 0, "1.0"), "2.0")], MINE)
    assert not explained(other, [(Figure("Energy/Inf", 1, "1.0"), "2.0")], MINE)


@pytest.mark.parametrize(
    ("field", "printed", "can_be"),
    [
        ("Top-1", "92.0", True),
        ("Top-1", "88.0", True),
        ("Top-1", "95.0", False),
        ("AUC", "0.95", True),
        ("AUC", "0.75", False),
    ],
)
def test_answers_that_are_no_numbers_explain_as_much_as_they_can_move(
    field: str, printed: str, can_be: bool
) -> None:
    """One of fifty answers is two percentage points of Top-1, and one of ten in a class a tenth of an area."""
    labels = np.array([0] * 10 + [1] * 40)
    hurt = session(
        notes=[Note("answers-not-numbers", "x", measured=1)], answers=Answers(np.zeros((50, 2)), labels)
    )
    mine = {"Top-1": "90.0", "AUC": "0.90"}[field]
    assert bool(explained(hurt, [(Figure(field, None, printed), mine)], [])) == can_be


def test_a_forged_median_comes_before_a_sample_that_is_no_number(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    forge.all_of(
        forge.missing_sample(3),
        forge.replaced("results.txt", r"(Median energy cost is\s+)[0-9.]+", r"\g<1>4000.000"),
    )(folder)
    (row,) = audit([folder])
    assert [(one.id, one.because_of) for one in row.findings][:2] == [
        ("figures-differ", None),
        ("trace-damaged", None),
    ]
    assert row.state == "does-not-reproduce"


def test_a_lost_edge_comes_before_the_figures_that_differ_by_it(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    forge.stamps(lambda times: times[:3] + times[4:])(folder)
    (row,) = audit([folder])
    first, differ = row.findings[0], next(one for one in row.findings if one.id == "figures-differ")
    assert (first.id, first.because_of) == ("edge-missing", None)
    assert (differ.because_of, differ.severity, row.state) == ("edge-missing", "wrong", "does-not-reproduce")


def test_the_iterations_of_every_line_are_compared(tmp_path: Path) -> None:
    other = write_mlcommons(tmp_path / "other/kws/energy")
    forge.iterations(300)(other)
    (row,) = audit([other])
    assert (row.findings[0].id, row.state) == ("another-run", "does-not-reproduce")
    assert row.findings[0].text == (
        "iterations of another run: results.json has 300 in pass 0, the log ran 250, and 4 more"
    )
    assert [one.line for one in row.findings[0].evidence] == [None, 8]
    folder = write_eembc(tmp_path / "kws/energy")
    forge.replaced("log.txt", r"command\[io dut infer 100 1\]", "command[io dut infer 90 1]", 1)(folder)
    (row,) = audit([folder])
    assert row.findings[0].text == "the log states 90 inferences where the infer command asks for 100"
    assert row.findings[0].evidence[0].line
    forge.replaced("log.txt", r"\(infer 100 1\)", "(infer 80 1)")(folder)
    (row,) = audit([folder])
    assert row.findings[0].text.endswith("asks for 100, and 5 more such lines")

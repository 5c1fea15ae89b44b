# SPDX-License-Identifier: Apache-2.0
"""Windows of real boards, without any edge: the levels of the typical inference, not thousands."""

from pathlib import Path

import pytest

from energy_runner.analysis.phases.session import phases_estimated
from energy_runner.published.importing import import_session
from energy_runner.rules import evaluate
from energy_runner.session.folder import write_result


@pytest.mark.parametrize(
    ("folder", "inferences", "most"),
    [
        ("v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/ic/energy", 50, 20),  # 1582 levels in the window
        ("v1.2/closed/STMicroelectronics/results/NUCLEO_U575ZI_Q/kws/energy", 400, 10),
        ("v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q/kws/energy", 250, 20),
    ],
)
def test_estimated_phases_are_those_of_the_typical_inference(
    folder: str, inferences: int, most: int, reference: Path, tmp_path: Path
) -> None:
    session = import_session(reference / "sessions" / folder, tmp_path / "s")
    write_result(session.path, evaluate(session))
    result = phases_estimated(session, 1)
    assert 2 <= len(result.summaries) <= most
    assert {summary.count for summary in result.summaries} == {inferences}
    whole_j = session.result().windows[0].energy_j
    assert sum(summary.energy_j for summary in result.summaries) == pytest.approx(whole_j, rel=2e-3)

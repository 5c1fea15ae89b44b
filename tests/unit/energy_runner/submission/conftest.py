# SPDX-License-Identifier: Apache-2.0
"""Sessions that every test of exports uses; nothing changes them."""

from pathlib import Path

import pytest

from tests.support.pinned import any_stimuli_are_official
from tests.support.submissions import MODES, TEN, made, real, write_all
from tests.support.synthetic import make_run


@pytest.fixture(autouse=True)
def official_stimuli(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up stimuli pass for official ones; `test_unofficial.py` asks the real pins."""
    any_stimuli_are_official(monkeypatch)


@pytest.fixture(scope="module")
def sessions(tmp_path_factory) -> list[Path]:
    """Accuracy, performance and energy sessions of ic01, all valid."""
    return write_all(tmp_path_factory.mktemp("sessions"), *(made(mode) for mode in MODES))


@pytest.fixture(scope="module")
def shapes(tmp_path_factory) -> dict[str, list[Path]]:
    """Valid sessions of other benchmarks."""
    folder = tmp_path_factory.mktemp("others")
    return {
        name: write_all(folder, *(real(make_run(mode=m, benchmark=name, period_s=0.02, outputs=o)) for m in MODES))
        for name, o in (("ad01", (1.5,)), ("kws01", (*TEN, 0.0, 0.0)), ("ic02", TEN), ("vww01", (0.0, 1.0)))
    }

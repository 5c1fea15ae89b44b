# SPDX-License-Identifier: Apache-2.0
"""The stimuli of made-up sessions pass for official ones; `test_official.py` asks the real pins."""

import pytest

from tests.support.pinned import any_stimuli_are_official


@pytest.fixture(autouse=True)
def official_stimuli(monkeypatch: pytest.MonkeyPatch) -> None:
    any_stimuli_are_official(monkeypatch)

# SPDX-License-Identifier: Apache-2.0
"""Data of others: official models and stimuli, published sessions. Only the tests in this folder may need them."""

import os
from pathlib import Path

import pytest

REFERENCE_VARIABLE = "ENERGY_RUNNER_REFERENCE"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder with real models, stimuli and sessions; skip where a user has none, fail where CI lacks it.

    Without it these tests are not even collected, unless they are asked for by name.
    """
    value = os.environ.get(REFERENCE_VARIABLE)
    if value and Path(value).is_dir():
        return Path(value)
    message = f"{REFERENCE_VARIABLE} does not name the folder with the reference models and stimuli"
    if os.environ.get("ENERGY_RUNNER_CI"):
        pytest.fail(message)
    pytest.skip(message)

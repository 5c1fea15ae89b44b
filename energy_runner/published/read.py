# SPDX-License-Identifier: Apache-2.0
"""Read a session of either runner."""

from pathlib import Path

import numpy as np

from energy_runner.published.contents import Contents
from energy_runner.published.eembc.read import read_eembc
from energy_runner.published.mlcommons.read import read_mlcommons
from energy_runner.published.model import PublishedSession


def read(contents: Contents, stimuli: Path | None = None) -> PublishedSession:
    """Return the session in `contents`; what is wrong with it is among its notes.

    `stimuli` is a folder with label files, for classes that file names do not give. Raises `SessionError` if
    nothing of a session can be read.
    """
    with np.errstate(all="ignore"):  # samples may be anything; those that are not numbers are counted and reported
        return read_mlcommons(contents) if contents.of_mlcommons else read_eembc(contents, stimuli)

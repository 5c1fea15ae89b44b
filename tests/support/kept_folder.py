# SPDX-License-Identifier: Apache-2.0
"""A temporary folder for as long as this process lives, for what a cache keeps."""

import atexit
import shutil
import tempfile
from pathlib import Path


def kept_folder(prefix: str) -> Path:
    """Make a folder that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

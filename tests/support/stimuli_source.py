# SPDX-License-Identifier: Apache-2.0
"""A small set of stimuli to fetch: four files of kws01's size, and their label file."""

from pathlib import Path

FILES = {f"s{k}.bin": bytes([k]) * 490 for k in range(4)}
LABELS = "".join(f"{name},12,{k}\n" for k, name in enumerate(FILES)).encode()


def write_source(folder: Path) -> Path:
    """Write label file and stimuli into a new folder and return it."""
    folder.mkdir()
    (folder / "y_labels.csv").write_bytes(LABELS)
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder

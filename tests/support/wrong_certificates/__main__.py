# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.support.wrong_certificates DIR`: write the whole suite."""

import argparse
from pathlib import Path

from tests.support.wrong_certificates.write import write_all


def main() -> None:
    """Write the suite into a new folder."""
    parser = argparse.ArgumentParser(
        description="Write wrong certificates, and some right ones, to test verifiers."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder that does not exist yet")
    folder = parser.parse_args().folder
    print(f"{write_all(folder)} cases in {folder}")


if __name__ == "__main__":
    main()

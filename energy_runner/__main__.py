# SPDX-License-Identifier: Apache-2.0
"""`python -m energy_runner`: the command line where the script is not on the path."""

from energy_runner.cli import main

main()

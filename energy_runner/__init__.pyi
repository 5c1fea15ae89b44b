# SPDX-License-Identifier: Apache-2.0
"""What type checkers and editors read: the names of the API, and the version."""

from energy_runner.api import *

__version__: str

# SPDX-License-Identifier: Apache-2.0
"""What happened: the folder of a run with its record, journal and trace, and the schema of its result."""

# SPDX-License-Identifier: Apache-2.0
"""A run on disk: the folder with its record, journal and trace, and the schema of its result."""

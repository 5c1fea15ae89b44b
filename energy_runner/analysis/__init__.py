# SPDX-License-Identifier: Apache-2.0
"""What it means: from the facts of a session to windows, joules and their uncertainty; pure functions."""

# SPDX-License-Identifier: Apache-2.0
"""Runs as they happen: fed by the run itself in its own process, or read from a session that grows."""

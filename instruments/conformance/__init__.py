# SPDX-License-Identifier: Apache-2.0
"""Checks that every driver passes, built-in or from another package."""

from instruments.conformance.checks import CHECKS, examine
from instruments.conformance.subject import Make, Subject, on_twin

__all__ = ["CHECKS", "Make", "Subject", "examine", "on_twin"]

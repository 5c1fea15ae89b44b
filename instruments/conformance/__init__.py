"""Checks that every driver passes, for our own and for those of other packages."""

from instruments.conformance.checks import CHECKS, examine
from instruments.conformance.subject import Make, Subject, on_twin

__all__ = ["CHECKS", "Make", "Subject", "examine", "on_twin"]

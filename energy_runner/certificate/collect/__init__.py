# SPDX-License-Identifier: Apache-2.0
"""Build the facts of a certificate from a session, what the laboratory states, and the state of the bench."""

from energy_runner.certificate.collect.collect import Given, collect

__all__ = ["Given", "collect"]

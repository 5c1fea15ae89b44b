# SPDX-License-Identifier: Apache-2.0
"""Instruments behind a server that speaks JSON: one object a line, each answer with the number of its request."""

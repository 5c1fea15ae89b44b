# SPDX-License-Identifier: Apache-2.0
"""Mutation tests: lines are broken on purpose, and the tests of their room should notice."""

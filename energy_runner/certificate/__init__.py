# SPDX-License-Identifier: Apache-2.0
"""Certificates of energy scores: one model of facts, four signed forms, and their verification."""

# SPDX-License-Identifier: Apache-2.0
"""Qoitech Otii Arc and Otii Ace, behind the Otii application or its server."""

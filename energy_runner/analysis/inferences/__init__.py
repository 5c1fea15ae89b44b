# SPDX-License-Identifier: Apache-2.0
"""Single inferences inside a window."""

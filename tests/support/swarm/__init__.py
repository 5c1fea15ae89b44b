# SPDX-License-Identifier: Apache-2.0
"""Random runs under random faults, judged against the truth of the virtual world."""

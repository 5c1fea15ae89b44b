# SPDX-License-Identifier: Apache-2.0
"""What a DUT drew in a recording: energy, power and current, each with its uncertainty, and limits on them."""

# SPDX-License-Identifier: Apache-2.0
"""Instruments with a command shell: lines of text, answered among the samples of a running acquisition."""

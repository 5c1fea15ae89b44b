# SPDX-License-Identifier: Apache-2.0
"""The director: makes the devices of a bench act as one instrument."""

# SPDX-License-Identifier: Apache-2.0
"""A power analyzer behind SPEC's PTDaemon."""

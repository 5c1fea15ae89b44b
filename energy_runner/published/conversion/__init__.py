# SPDX-License-Identifier: Apache-2.0
"""A published session as a session of ours: record, journal and trace."""

# SPDX-License-Identifier: Apache-2.0
"""The specification of an NGM201 or NGM202; all else is shared with the NGU."""

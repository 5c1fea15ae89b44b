# SPDX-License-Identifier: Apache-2.0
"""An instrument without any error, which exists only in software."""

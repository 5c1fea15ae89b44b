# SPDX-License-Identifier: Apache-2.0
"""Sessions that other runners published: read, reproduced, corrected, audited."""

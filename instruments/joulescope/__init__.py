# SPDX-License-Identifier: Apache-2.0
"""What the Joulescopes share: the vendor's driver object, its messages, and what they make of a sample stream."""

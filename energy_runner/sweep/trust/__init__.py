# SPDX-License-Identifier: Apache-2.0
"""Trust in a bench: measurements of one thing that does not change, night after night, and what they say."""

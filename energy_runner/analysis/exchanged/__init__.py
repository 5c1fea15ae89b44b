# SPDX-License-Identifier: Apache-2.0
"""What the exchanged bytes say, read again, against the events that were derived from them during the run."""

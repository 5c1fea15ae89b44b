# SPDX-License-Identifier: Apache-2.0
"""One reader for each format of trace files, registered in `table.py`."""

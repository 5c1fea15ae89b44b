# SPDX-License-Identifier: Apache-2.0
"""One writer for each format of trace files, registered in `table.py`."""

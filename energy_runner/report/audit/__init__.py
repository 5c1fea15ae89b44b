# SPDX-License-Identifier: Apache-2.0
"""What an audit found, for reading: a table for the terminal, one page, CSV, Markdown and JSON."""

# SPDX-License-Identifier: Apache-2.0
"""Sessions and running measurements in a browser: data for each page, and the server that hands them out."""

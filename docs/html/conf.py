# SPDX-License-Identifier: Apache-2.0
"""Settings of Sphinx, with which `scripts/docs` makes HTML from the Markdown pages and the docstrings.

The source folder is the top of the repository, so that a link which works on a page in the repository works in the
HTML too. Nothing is fetched, either by the build or by the pages.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from energy_runner.version import version as version_of_package  # noqa: E402 - found through the line above

project = "energy-runner"
author = "The energy-runner authors"
project_copyright = author
version = release = version_of_package()

extensions = ["myst_parser", "sphinx.ext.autodoc", "api_pages", "docstrings", "navigation", "references"]
root_doc = "docs/index"
source_suffix = {".md": "markdown"}
include_patterns = ["docs/**", "*.md", "dut_firmware/README.md"]
exclude_patterns = [
    # Folders without pages, listed so that they are not searched.
    *(".*", "build", "dist", "energy_runner", "fixtures", "instruments", "scripts", "sessions", "tests"),
    *("dut_firmware/[!R]*", "docs/html", "**/__pycache__"),
]

# Broken links and unresolved names are warnings; `scripts/docs` turns warnings into errors.
nitpicky = True
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_use_type_comments = False
python_display_short_literal_types = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"energy-runner {release}"
html_static_path = ["static"]
html_css_files = ["docs.css"]
html_extra_path = ["extra"]
html_copy_source = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": False}

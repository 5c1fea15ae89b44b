# SPDX-License-Identifier: Apache-2.0
"""The certificate on paper: tagged PDF/A-3b with the other forms attached, and an optional seal."""

from energy_runner.certificate.document.attached import attachments_of
from energy_runner.certificate.document.pdf import Attachment, pdf_bytes
from energy_runner.certificate.document.seal import SealState, seal_pdf, sealed

__all__ = ["Attachment", "SealState", "attachments_of", "pdf_bytes", "seal_pdf", "sealed"]

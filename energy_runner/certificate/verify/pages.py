# SPDX-License-Identifier: Apache-2.0
"""Whether the pages of the PDF print the facts that were signed."""

from energy_runner.certificate.document.pages import set_again
from energy_runner.certificate.forms import PDF, attached_by_name
from energy_runner.certificate.verify.bundle import Found
from energy_runner.certificate.verify.checks import HOLDS, Checks
from energy_runner.certificate.verify.inner import in_own_wording
from energy_runner.certificate.verify.signed import Signed
from energy_runner.errors import BenchFault, ConfigurationError, SessionError

_WHAT = f"the pages of {PDF} print what was signed"


def check_pages(found: Found, signed: Signed, checks: Checks) -> None:
    """Set the pages again, and check that those of the PDF are the same; a seal is not part of `found`."""
    if lack := _lack(signed, checks):
        checks.not_checked("pages", _WHAT, lack)
        return
    try:
        again = set_again(found.data, signed.certificate, attached_by_name())
    except ConfigurationError as error:  # a library is missing: nothing is wrong with the certificate
        checks.not_checked("pages", _WHAT, str(error))
        return
    except (SessionError, BenchFault) as error:
        checks.fails("pages", _WHAT, found.place, str(error))
        return
    if again.differences and again.set_by != again.set_here_by:
        why = f"they were set by {again.set_by}, and {again.set_here_by} sets them in another way"
        checks.not_checked("pages", _WHAT, f"{why}. Try: compare them with the facts by eye")
        return
    checks.judged("pages", _WHAT, [(f"{found.place}, {place}", what) for place, what in again.differences])


def _lack(signed: Signed, checks: Checks) -> str:
    """Return why pages are not set again; "" if they are."""
    if not in_own_wording(signed.certificate):
        wording = signed.certificate.issuing.wording
        return f"its texts are in wording {wording}, which this version does not set"
    if not any(one.id == "trust" and one.state == HOLDS for one in checks.done):
        return "nothing vouches for its key, so its facts are not set"  # that takes time and memory
    return ""

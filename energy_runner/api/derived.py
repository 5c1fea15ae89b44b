# SPDX-License-Identifier: Apache-2.0
"""Write what is derived from a session, result and report, so that one never belies the other."""

from energy_runner.errors import BenchFault, in_words, remedy
from energy_runner.session import disk
from energy_runner.session.folder import REPORT, RESULT, Session, result_bytes, temporary
from energy_runner.session.result import Result


def write_derived(session: Session, result: Result, *, report: bool = True) -> None:
    """Write `result.json` and the `report.html` that shows it: both, or on any error none.

    Without `report` there is no page, and one that was there is taken away: it shows another result.

    Both are complete on the disk before either takes its place, and the old report goes first: a process that is
    killed in between leaves a result without a report, never with one that shows another result. Raises
    `SessionError` for facts that cannot be read and `BenchFault` if the disk refuses.
    """
    folder = session.path
    pages = {RESULT: result_bytes(result)}
    if report:
        from energy_runner.report.html import page_bytes

        pages[REPORT] = page_bytes(session, result)
    try:
        for name, data in pages.items():
            with disk.create(temporary(folder / name)) as file:
                disk.write_all(file, data)
                disk.sync(file)
        (folder / REPORT).unlink(missing_ok=True)
        for name in pages:
            disk.replace(temporary(folder / name), folder / name)
        disk.sync_folder(folder)
    except OSError as error:
        raise BenchFault(f"{folder / RESULT}: cannot be written ({in_words(error)}){remedy(error)}") from error
    finally:
        for name in pages:
            disk.give_room_back(temporary(folder / name))

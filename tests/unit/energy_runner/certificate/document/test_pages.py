# SPDX-License-Identifier: Apache-2.0
"""The pages as they are seen: rendered to images by a library that had no part in making them."""

import re
from typing import Any

import numpy as np
import pytest

from energy_runner.certificate.document import pdf_bytes
from energy_runner.certificate.document.bench import equipment_section
from energy_runner.certificate.document.figures import figures_section
from energy_runner.certificate.document.front import _facts, front
from energy_runner.certificate.document.measured import _level
from energy_runner.certificate.document.tested import item_section
from energy_runner.certificate.document.words import with_uncertainty
from energy_runner.certificate.facts import EnergyCertificate
from tests.support.certificate_facts import hardware, two_rails
from tests.support.certificate_papers import LONG_SERIAL, MARKUP, attachments

pdfium = pytest.importorskip("pypdfium2", reason="renders the pages")
MARGIN_MM = 10.0  # nothing is printed nearer to the edge
SCALE = 2.0
PIXELS_A_MM = SCALE * 72 / 25.4
Papers = dict[str, EnergyCertificate]


@pytest.fixture(scope="module")
def seen(papers: Papers) -> dict[tuple[str, str], Any]:
    return {
        (kind, paper): pdfium.PdfDocument(pdf_bytes(papers[kind], attachments(), paper))
        for kind, paper in [("full", "a4"), ("sparse", "us-letter"), ("virtual", "a4"), ("long", "us-letter")]
    }


ALL = [("full", "a4"), ("sparse", "us-letter"), ("virtual", "a4"), ("long", "us-letter")]


def _texts(document: Any) -> list[str]:
    return [page.get_textpage().get_text_range().replace("\u00a0", " ") for page in document]


def _grey(page: Any) -> np.ndarray:
    return page.render(scale=SCALE, grayscale=True).to_numpy().squeeze()


@pytest.mark.parametrize("which", ALL)
def test_nothing_is_printed_in_the_margin(seen: dict[tuple[str, str], Any], which: tuple[str, str]) -> None:
    edge = int(MARGIN_MM * PIXELS_A_MM)
    for page in seen[which]:
        image = _grey(page)
        inner = image[edge:-edge, edge:-edge]
        assert (inner < 128).sum() > 1000, "an empty page"
        image = image.copy()
        image[edge:-edge, edge:-edge] = 255
        assert image.min() == 255


def _boxes(page: Any) -> np.ndarray:
    """Return left, bottom, right and top of each character that prints, those of a ligature once, in points."""
    text = page.get_textpage()
    found = {text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()}
    boxes = np.array(sorted(found))
    return boxes[boxes[:, 3] - boxes[:, 1] < 30]  # the mark across the page is larger


def _overlaps(boxes: np.ndarray) -> int:
    """Return how many pairs of characters share a good part of the smaller one."""
    boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) > 1]
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    last = np.searchsorted(boxes[:, 0], boxes[:, 2])
    found = 0
    for i, (box, stop) in enumerate(zip(boxes, last, strict=True)):
        others = slice(i + 1, stop)  # those that begin before it ends
        high, low = np.minimum(box[2:], boxes[others, 2:]), np.maximum(box[:2], boxes[others, :2])
        found += int((np.clip(high - low, 0, None).prod(axis=1) > 0.3 * np.minimum(area[i], area[others])).sum())
    return found


def test_nothing_is_drawn_beside_a_figure() -> None:
    one = two_rails()
    assert one.curves.run is not None
    assert all(each.start_s is not None for each in one.result.windows)
    curve = one.curves.run.model_copy(update={"step_s": 8.0 / len(one.curves.run.mean_w), "start_s": 0.0})
    short = one.model_copy(update={"curves": one.curves.model_copy(update={"run": curve})})
    plot = figures_section(short)[0]["blocks"][0]
    assert [label for _, _, label in plot["bands"]] == ["1"], "only the first window begins within the first 8 s"
    assert all(0.0 <= low < high <= 1.0 for low, high, _ in plot["bands"])


@pytest.mark.parametrize("which", ALL)
def test_no_text_stands_over_another(seen: dict[tuple[str, str], Any], which: tuple[str, str]) -> None:
    for page in seen[which]:
        assert _overlaps(_boxes(page)) == 0


def test_a_text_over_another_would_be_found(seen: dict[tuple[str, str], Any]) -> None:
    boxes = _boxes(seen["full", "a4"][0])
    moved = boxes + np.array([3.0, 2.0, 3.0, 2.0])
    assert _overlaps(np.concatenate([boxes, moved])) > 100


@pytest.mark.parametrize("which", ALL)
def test_every_page_has_id_and_number_and_the_last_an_end(
    seen: dict[tuple[str, str], Any], papers: Papers, which: tuple[str, str]
) -> None:
    texts = _texts(seen[which])
    one = papers[which[0]]
    for number, text in enumerate(texts, 1):
        assert one.id in text
        assert f"Page {number} of {len(texts)}" in text
        assert one.title in text
    assert [f"End of document {one.id}" in text for text in texts] == [False] * (len(texts) - 1) + [True]


@pytest.mark.parametrize("which", ALL)
def test_a_virtual_one_says_simulated_across_each_page(
    seen: dict[tuple[str, str], Any], papers: Papers, which: tuple[str, str]
) -> None:
    virtual = papers[which[0]].virtual
    for page in seen[which]:
        assert ("SIMULATED" in page.get_textpage().get_text_range()) == virtual
        mark = (_grey(page) == 0xE4).mean()
        assert mark > 0.02 if virtual else mark < 0.01


def test_figures_are_rounded_to_the_place_of_their_uncertainty() -> None:
    """JCGM 100:2008, 7.2.6: 28.43 mW with a standard uncertainty of 5.8 µW says less than was measured."""
    assert _level(28.43, 0.0058) == "28.4300\u00a0mW, standard uncertainty 0.0058\u00a0mW"
    assert _level(18.0618, 0.0005) == "18.06180\u00a0mW, standard uncertainty 0.00050\u00a0mW"
    assert _level(18.0618, 0.0) == "18.0618\u00a0mW, standard uncertainty 0\u00a0mW"
    assert _level(18.06184, None) == "18.0618\u00a0mW"


def test_no_figure_of_the_first_page_lacks_an_uncertainty_that_is_known(papers: Papers) -> None:
    one = papers["full"]
    shown = dict(_facts(one, ""))
    own = one.result.throughput
    assert own is not None
    assert shown["Throughput"].startswith(f"{with_uncertainty(own.value, own.U, own.unit)}, k = ")


def test_binding_rules_and_others_add_up_on_the_first_page(papers: Papers) -> None:
    one = papers["full"]
    binding = sum(each.binding for each in one.result.verdicts)
    others = len(one.result.verdicts) - binding
    assert front(one)["result"]["kept"] == f"{binding} of {binding} binding rules passed; {others} only inform"


def test_customer_and_what_a_laboratory_states_of_an_instrument_are_on_the_pages() -> None:
    one = hardware()
    silent = one.equipment.instruments[0].model_copy(update={"firmware_stated": True, "make_stated": True})
    told = one.equipment.model_copy(update={"instruments": [silent, *one.equipment.instruments[1:]]})
    said = str(item_section(one)) + str(equipment_section(one.model_copy(update={"equipment": told})))
    for words in ("Customer", "2 Short Road", "CH", "Ms Miller, +49 1", "make stated by the laboratory"):
        assert words in said
    assert said.count("stated by the laboratory") > str(equipment_section(one)).count("stated by the laboratory")
    assert "NZ" in str(front(one)["laboratory"])


def test_the_first_page_says_what_a_reader_asks(seen: dict[tuple[str, str], Any]) -> None:
    first = _texts(seen["full", "a4"])[0]
    for words in (
        "Prüflabor für Energiemessung",
        "(1689 ± 33) µJ",
        "k = 1.69",
        "95 %",
        "VALID",
        "ST NUCLEO-L4R5ZI",
        "DKD-K-12345-2025",
        "Ada Example",
        "Dr. Grace Example",
        "2026-02-03 10:11:12 UTC",
        "not verified by MLCommons",
    ):
        assert words in first
    assert "not stated" not in first


def test_a_report_gives_its_reasons_before_its_result(seen: dict[tuple[str, str], Any], papers: Papers) -> None:
    first = _texts(seen["sparse", "us-letter"])[0]
    result = first.index("(1689 ± 33) µJ")
    squeezed = re.sub(r"\s+", " ", first[:result])
    assert papers["sparse"].reasons
    for reason in papers["sparse"].reasons:
        assert reason.demand.split(" on the")[0][:30] in squeezed


def test_long_texts_are_printed_whole(seen: dict[tuple[str, str], Any]) -> None:
    whole = re.sub(r"\s+", "", "".join(_texts(seen["long", "us-letter"])))
    assert LONG_SERIAL in whole
    assert whole.count("9") >= 2 * len(LONG_SERIAL)  # on the first page, and with the item
    assert whole.count("X") >= 2 * 300


def test_markup_in_a_fact_is_printed_as_it_is(seen: dict[tuple[str, str], Any]) -> None:
    whole = re.sub(r"\s+", " ", " ".join(_texts(seen["long", "us-letter"])))
    assert MARKUP in whole


def test_figures_are_drawn_in_grey(seen: dict[tuple[str, str], Any]) -> None:
    page = next(page for page in seen["full", "a4"] if "Power over the whole run" in _texts([page])[0])
    colours = page.render(scale=1).to_numpy()[:, :, :3].astype(int)
    assert (colours.max(axis=2) - colours.min(axis=2)).max() <= 2
    assert len(np.unique(colours)) > 20


def test_digests_can_be_copied(seen: dict[tuple[str, str], Any], papers: Papers) -> None:
    whole = "\n".join(_texts(seen["full", "a4"]))
    one = papers["full"]
    assert one.firmware.image is not None
    for digest in (one.firmware.image.sha256, one.issuing.key_id, one.workload.rule_set_sha256):
        assert digest in whole
    assert "\u200b" not in whole

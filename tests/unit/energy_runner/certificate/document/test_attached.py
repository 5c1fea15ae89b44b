# SPDX-License-Identifier: Apache-2.0
"""Attachments of hostile PDFs: read as they are, or refused in words."""

import io
import zlib
from functools import cache

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from energy_runner.certificate.document import attachments_of
from energy_runner.certificate.document.attached import MOST_FILES
from energy_runner.errors import SessionError


def _pdf(*files: tuple[str, str, bytes], **save: object) -> bytes:
    """Return a PDF with files: key in the tree of names, name, bytes."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        names: list[pikepdf.Object] = []
        for key, name, data in files:
            stream = pdf.make_indirect(pikepdf.Stream(pdf, data))
            spec = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F=name, UF=name, EF=pikepdf.Dictionary(F=stream))
            names += [pikepdf.String(key), pdf.make_indirect(spec)]
        pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array(names)))
        out = io.BytesIO()
        pdf.save(out, **({"compress_streams": False} | save))
        return out.getvalue()


def test_files_come_by_their_names() -> None:
    assert attachments_of(_pdf(("a", "a.json", b"{}"), ("b", "b.xml", b"<b/>"))) == {
        "a.json": b"{}",
        "b.xml": b"<b/>",
    }


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"{}", b"\0" * 100, b"%PDF-1.7\n" * 1000])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="cannot be read as a PDF"):
        attachments_of(data)


def test_a_pdf_saved_by_a_viewer_is_refused_by_name() -> None:
    with pytest.raises(SessionError, match=r"a\.json of the PDF is not stored as it is"):
        attachments_of(_pdf(("a", "a.json", b"{}" * 500), compress_streams=True))


def test_a_few_bytes_do_not_become_many() -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        stream = pikepdf.Stream(pdf, zlib.compress(bytes(1 << 26)))
        stream.Filter = pikepdf.Name.FlateDecode
        spec = pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec, F="a", EF=pikepdf.Dictionary(F=pdf.make_indirect(stream))
        )
        tree = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a"), pdf.make_indirect(spec)]))
        pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=tree)
        out = io.BytesIO()
        pdf.save(out, compress_streams=True)
    assert len(out.getvalue()) < 1 << 17
    with pytest.raises(SessionError, match="not stored as it is"):
        attachments_of(out.getvalue())


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(SessionError, match=r"two attachments of the name certificate\.json"):
        attachments_of(_pdf(("a", "certificate.json", b"good"), ("b", "certificate.json", b"bad")))


def test_too_many_are_refused() -> None:
    with pytest.raises(SessionError, match=f"{MOST_FILES} are the most"):
        attachments_of(_pdf(*((f"{i:03}", f"{i}", b"") for i in range(MOST_FILES + 1))))


def test_an_encrypted_one_is_refused() -> None:
    encryption = pikepdf.Encryption(owner="o", user="u")
    with pytest.raises(SessionError, match="password"):
        attachments_of(_pdf(("a", "a.json", b"{}"), encryption=encryption))


def test_a_tree_of_names_that_bites_its_tail_ends() -> None:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        node = pdf.make_indirect(pikepdf.Dictionary())
        node.Kids = pikepdf.Array([node])
        pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=node)
        out = io.BytesIO()
        pdf.save(out)
    try:
        assert attachments_of(out.getvalue()) == {}
    except SessionError as error:
        assert "cannot be read" in str(error)


@cache
def _small() -> bytes:
    return _pdf(("a", "a.json", b'{"a":1}'), ("b", "b.xml", b"<b/>"))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.booleans())
def test_any_byte_may_change(place: int, value: int, cut: bool) -> None:
    data = bytearray(_small())
    place %= len(data)
    if cut:
        del data[place:]
    else:
        data[place] = value
    try:
        found = attachments_of(bytes(data))
    except SessionError as error:
        assert str(error).isprintable()
    else:
        assert all(isinstance(one, bytes) for one in found.values())

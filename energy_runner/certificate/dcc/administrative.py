# SPDX-License-Identifier: Apache-2.0
"""`dcc:administrativeData`: which document, of what, by whom and for whom."""

from itertools import chain

from energy_runner.certificate.dcc.nodes import NOT_STATED, Node, content, fact, leaf, name, node, optional, rich
from energy_runner.certificate.dcc.statements import statements
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.facts.item import Image, Item
from energy_runner.certificate.facts.parties import Organisation
from energy_runner.errors import SessionError
from energy_runner.session.days import day_in, utc_after

# Of a laboratory that states no country; the schema wants one. ISO 3166-1 leaves ZZ to its users, and elsewhere it
# stands for a country that is not stated.
NO_COUNTRY = "ZZ"
_LOCAL = " (local time)"  # as an imported session says that its zone is not recorded


def administrative_data(one: EnergyCertificate) -> Node:
    """Return the administrative data.

    Raises `SessionError` for a session whose day is not known: the schema demands one.
    """
    return node(
        "dcc:administrativeData",
        _software_of_document(one),
        _core_data(one),
        node("dcc:items", _item(one)),
        _laboratory(one),
        _persons(one),
        _contact("dcc:customer", one.parties.customer),
        statements(one),
    )


def software(what: str, release: str, kind: str, notes: tuple[str, ...] = (), ref: str = "") -> Node:
    """Return a software with its version; `kind` is a word of the schema, such as `application`."""
    return node(
        "dcc:software",
        name(what),
        leaf("dcc:release", release or NOT_STATED),
        leaf("dcc:type", kind),
        rich("dcc:description", notes),
        ref=ref,
    )


def program(text: str, commit: str | None, ref: str = "") -> Node:
    """Return a program that is stated as `name version`."""
    what, _, release = text.rpartition(" ")
    notes = (fact("commit", commit),)
    return software(what or text, release if what else "", "application", notes, ref)


def _software_of_document(one: EnergyCertificate) -> Node:
    return node("dcc:dccSoftware", program(one.issuing.software, one.issuing.commit))


def _core_data(one: EnergyCertificate) -> Node:
    first, last = _days(one)
    older = one.issuing.supersedes
    return node(
        "dcc:coreData",
        leaf("dcc:countryCodeISO3166_1", one.parties.laboratory.country or NO_COUNTRY),
        leaf("dcc:usedLangCodeISO639_1", one.language),
        leaf("dcc:mandatoryLangCodeISO639_1", one.language),
        leaf("dcc:uniqueIdentifier", one.id),
        node("dcc:identifications", *_identifications(one)),
        optional("dcc:receiptDate", one.item.received),
        leaf("dcc:beginPerformanceDate", first),
        leaf("dcc:endPerformanceDate", last),
        leaf("dcc:performanceLocation", _location(one)),
        _hash("dcc:previousReport", f"replaced: {older.why}", older.id, older.sha256) if older else None,
    )


def _hash(tag: str, referral: str, id_: str, sha256: str) -> Node:
    return node(
        tag,
        name(referral, "dcc:referral"),
        leaf("dcc:referralID", id_),
        leaf("dcc:procedure", "SHA-256"),
        leaf("dcc:value", sha256),
    )


def _days(one: EnergyCertificate) -> tuple[str, str]:
    """Return the days on which the measurement began and the last window ended.

    They are days in the laboratory's time zone, as those of a calibration; of an imported session, by the clock of
    its computer. A virtual clock begins in 2000.
    """
    began = one.session.started_utc.removesuffix(_LOCAL)
    zone = "UTC" if one.session.started_utc.endswith(_LOCAL) else one.session.time_zone or "UTC"
    try:
        lasted_s = max((window.stop_s or 0.0 for window in one.result.windows), default=0.0)
        return day_in(zone, began), day_in(zone, utc_after(began, lasted_s))
    except ValueError:
        raise SessionError(
            f"certificate.dcc.xml has to state the day of the measurement, but the session says {began[:60]!r} "
            f"and the time zone {zone[:60]!r}. "
            "Try: the session's record, whose `started_utc` has to be a time by ISO 8601"
        ) from None


def _location(one: EnergyCertificate) -> str:
    """Return the schema's word for the place: its own only for an address without another place."""
    laboratory = one.parties.laboratory
    return "laboratory" if laboratory.address and not laboratory.place else "other"


def _identification(what: str, value: str, issuer: str, ref: str = "") -> Node:
    return node(
        "dcc:identification",
        leaf("dcc:issuer", issuer),
        leaf("dcc:value", value or NOT_STATED),
        name(what),
        ref=ref,
    )


def _identifications(one: EnergyCertificate) -> list[Node]:
    own = "calibrationLaboratory"
    stated = [
        ("title", one.title),
        ("date and time of issue", one.issuing.issued_utc),
        ("key that signs", one.issuing.key_id),
        ("schema of the facts", one.schema_),
        ("session", one.session.session_id),
        ("time zone by which days count", one.session.time_zone),
        ("bench", one.session.bench),
        ("measured with another runner", one.session.origin),
        ("SHA-256 of the session's sealed facts", one.session.facts_sha256 or ""),
        ("SHA-256 of the result", one.session.result_sha256 or ""),
    ]
    files = [(f"SHA-256 of {each.name}, {each.size} bytes", each.sha256) for each in one.session.files]
    return [_identification(what, value, own) for what, value in chain(stated, files) if value]


def _item(one: EnergyCertificate) -> Node:
    item = one.item
    identified = [
        _identification("serial number", item.serial, "manufacturer", "basic_serialNumber"),
        _identification("revision", item.revision, "manufacturer"),
    ]
    return node(
        "dcc:item",
        name(item.board),
        rich("dcc:description", _about(item)),
        _installed(one),
        # The facts hold make and model as one text.
        node("dcc:manufacturer", name(item.board)),
        optional("dcc:model", item.board),
        node("dcc:identifications", *identified),
        id_="item",
    )


def _about(item: Item) -> list[str]:
    return [
        fact("processor", item.processor),
        fact("clock of the processor, Hz", item.clock_hz),
        fact("memory that the benchmark uses", item.memory),
        *(fact("changed about the board", each) for each in item.modifications),
        fact("typical silicon", item.typical),
        fact("availability", item.availability),
        fact("condition when received", item.condition),
        *(
            fact(f"photograph {each.file}, SHA-256 {each.sha256}", each.shows or NOT_STATED)
            for each in item.photos
        ),
    ]


def _installed(one: EnergyCertificate) -> Node:
    ran = one.firmware
    about = (
        fact("answer to `profile`", ran.profile),
        fact("model that it names", ran.model_string),
        fact("answers of a virtual DUT are from", ran.answers_from),
        *_image(ran.image),
    )
    tools = (
        ("compiler", ran.toolchain, (fact("flags", ran.flags),)),
        ("inference framework", ran.framework, ()),
        ("kernels", ran.kernels, ()),
    )
    network = (*_image(ran.network), fact("number formats", ran.quantisation))
    return node(
        "dcc:installedSoftwares",
        software(ran.name, ran.profile, "firmware", about),
        software(_network(one), "", "other", network) if any(network) else None,
        *(software(what, release, "other", notes) for what, release, notes in tools if release or any(notes)),
    )


def _network(one: EnergyCertificate) -> str:
    network = one.firmware.network
    return network.file if network is not None else one.firmware.model_string


def _image(image: Image | None) -> tuple[str, ...]:
    if image is None:
        return ()
    return fact("file", image.file), fact("SHA-256", image.sha256), fact("file named by", image.source)


def _laboratory(one: EnergyCertificate) -> Node:
    laboratory = one.parties.laboratory
    return node(
        "dcc:calibrationLaboratory",
        optional("dcc:calibrationLaboratoryCode", laboratory.accreditation),
        _contact("dcc:contact", laboratory, fact("measured at", laboratory.place)),
    )


def _contact(tag: str, who: Organisation, *more: str) -> Node:
    """Return an organisation; the schema demands an e-mail address, which is empty where none is stated."""
    mail = who.contact if "@" in who.contact and " " not in who.contact else ""
    lines = [who.address, "" if mail else fact("contact", who.contact), *more]
    further = rich("dcc:further", lines) or node("dcc:further", content(NOT_STATED))
    location = node("dcc:location", optional("dcc:countryCode", who.country), further)
    return node(tag, name(who.name), leaf("dcc:eMail", mail), location)


def _persons(one: EnergyCertificate) -> Node:
    parties = one.parties
    people = (
        (parties.approver, "authorises the certificate", "true"),
        (parties.operator, "measured", "false"),
    )
    named = [
        node(
            "dcc:respPerson",
            node("dcc:person", name(who)),
            leaf("dcc:role", role),
            leaf("dcc:mainSigner", signs),
        )
        for who, role, signs in people
        if who
    ]
    nobody = node("dcc:respPerson", node("dcc:person", name(NOT_STATED)))
    return node("dcc:respPersons", *(named or [nobody]))

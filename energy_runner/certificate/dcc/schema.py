# SPDX-License-Identifier: Apache-2.0
"""Check an XML against a schema file that the user points to, without any network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.certificate.dcc.library import etree
from energy_runner.certificate.dcc.read import MOST_BYTES
from energy_runner.certificate.dcc.write import SCHEMA_VERSION
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.wording import shown

_SHOWN = 20


@dataclass(frozen=True)
class SchemaCheck:
    """What a schema says of an XML. `problems` is empty exactly if the XML is valid by that schema file."""

    written_for: str
    """Version of the schema that this project writes for."""
    stated: str
    """Version that the XML states."""
    schema_version: str
    """Version of the schema file."""
    problems: tuple[str, ...]
    """What is wrong, each with its line; the first of them."""

    @property
    def valid(self) -> bool:
        """Return whether the XML is valid by that schema file."""
        return not self.problems


def check_schema(data: bytes, xsd: Path) -> SchemaCheck:
    """Check an XML against `xsd`, a `dcc.xsd`; the files that it imports have to be in its folder.

    Raises `ConfigurationError` for a schema file that cannot be read, or that needs a file which is not there.
    """
    xml = etree()
    parser = xml.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    schema, version = _schema(xml, xsd)
    if len(data) > MOST_BYTES:
        return SchemaCheck(SCHEMA_VERSION, "", version, (f"{len(data)} bytes, more than {MOST_BYTES}",))
    try:
        document = xml.fromstring(data, parser)
    except (xml.XMLSyntaxError, ValueError) as error:
        return SchemaCheck(SCHEMA_VERSION, "", version, (shown(str(error), 200),))
    schema.validate(document)
    stated = document.get("schemaVersion") or ""
    return SchemaCheck(SCHEMA_VERSION, stated, version, tuple(_problems(schema)))


def _problems(schema: Any) -> list[str]:
    return [f"line {one.line}: {shown(one.message, 300)}" for one in list(schema.error_log)[:_SHOWN]]


def _schema(xml: Any, xsd: Path) -> tuple[Any, str]:
    parser = xml.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    wanted: list[str] = []
    parser.resolvers.add(_beside(xml, xsd, wanted))
    try:
        text = xsd.read_bytes()
        tree = xml.ElementTree(xml.fromstring(text, parser, base_url=str(xsd)))
        return xml.XMLSchema(tree), tree.getroot().get("version") or ""
    except OSError as error:
        raise ConfigurationError(f"{xsd}: {in_words(error)}. Try: the path of a dcc.xsd") from None
    except (xml.XMLSyntaxError, xml.XMLSchemaParseError, ValueError) as error:
        needs = f"; it needs {', '.join(wanted)} in the same folder" if wanted else ""
        raise ConfigurationError(
            f"{xsd}: no XML schema that can be used: {shown(str(error), 200)}{needs}"
        ) from None


def _beside(xml: Any, xsd: Path, wanted: list[str]) -> Any:
    """Return a resolver that finds each imported file beside the schema, by its name, and nothing elsewhere."""

    class Beside(xml.Resolver):  # type: ignore[misc]
        def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
            name = system_url.replace("\\", "/").rpartition("/")[2]
            file = xsd.parent / name
            if file.is_file():
                return self.resolve_filename(str(file), context)
            wanted.append(name)
            return self.resolve_string("", context)

    return Beside()

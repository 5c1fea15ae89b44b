# SPDX-License-Identifier: Apache-2.0
"""Check an XML against a schema file that the user points to, without any network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.certificate.dcc.write import SCHEMA_VERSION, too_large
from energy_runner.certificate.needed import needed_module
from energy_runner.errors import ConfigurationError, in_words
from energy_runner.wording import shown

_SHOWN = 20  # problems; one wrong element often makes many
_MOST_SCHEMA_BYTES = 4_000_000  # the schema 3.1.2 has 40 kB


@dataclass(frozen=True)
class SchemaCheck:
    """What a schema file says of an XML."""

    written_for: str
    """Version of the schema that this project writes for."""
    stated: str
    """Version that the XML states; empty where it states none."""
    schema_version: str
    """Version of the schema file; empty where it states none."""
    problems: tuple[str, ...]
    """What is wrong, each with its line, the first of them; empty exactly if the XML is valid by that file."""

    @property
    def valid(self) -> bool:
        """Return whether the XML is valid by that schema file."""
        return not self.problems

    def __str__(self) -> str:
        versions = (
            f"energy-runner writes for schema {self.written_for}, the XML states {self.stated or 'none'}, "
            f"the schema file is {self.schema_version or 'of no stated version'}"
        )
        return f"{'; '.join(self.problems) or 'valid'} ({versions})"


def check_schema(data: bytes, xsd: Path) -> SchemaCheck:
    """Check an XML against `xsd`, a `dcc.xsd`; the files that it imports have to be in its folder.

    Nothing is fetched. Raises `ConfigurationError` for a schema file that cannot be read or used, or that needs a
    file which is not there.
    """
    xml = needed_module("lxml.etree")
    schema, version = _schema(xml, xsd)
    stated = ""
    problems = [why] if (why := too_large(data)) is not None else []
    if not problems:
        try:
            document = _parsed(xml, data)
            stated = document.get("schemaVersion") or ""
            schema.validate(document)
            problems = [f"line {one.line}: {shown(one.message, 300)}" for one in list(schema.error_log)[:_SHOWN]]
        except (xml.XMLSyntaxError, ValueError) as error:
            problems = [shown(str(error), 200)]
    return SchemaCheck(SCHEMA_VERSION, stated, version, tuple(problems))


def _parsed(xml: Any, data: bytes, **options: Any) -> Any:
    """Return the root; raise `ValueError` for a document type, by which entities and other files come in."""
    parser = xml.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    for resolver in options.pop("resolvers", ()):
        parser.resolvers.add(resolver)
    root = xml.fromstring(data, parser, **options)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("it has a document type, which no certificate needs")
    return root


def _schema(xml: Any, xsd: Path) -> tuple[Any, str]:
    absent: list[str] = []
    try:
        data = xsd.read_bytes()
        if len(data) > _MOST_SCHEMA_BYTES:
            raise ValueError(f"it has {len(data)} bytes, more than {_MOST_SCHEMA_BYTES}")
        root = _parsed(xml, data, base_url=str(xsd), resolvers=[_beside(xml, xsd, absent)])
        schema = xml.XMLSchema(root.getroottree())
    except OSError as error:
        raise ConfigurationError(f"{xsd}: {in_words(error)}. Try: the path of a dcc.xsd") from None
    except (xml.XMLSyntaxError, xml.XMLSchemaParseError, ValueError) as error:
        if absent:
            why = f"it needs {', '.join(absent)}, which is not in its folder. Try: both files in one folder"
        else:
            why = f"not an XML schema that can be used: {shown(str(error), 200)}. Try: dcc.xsd as PTB publishes it"
        raise ConfigurationError(f"{xsd}: {why}") from None
    return schema, root.get("version") or ""


def _beside(xml: Any, xsd: Path, absent: list[str]) -> Any:
    """Return a resolver that finds each imported file beside the schema, by its name, and nothing elsewhere."""

    class Beside(xml.Resolver):  # type: ignore[misc]
        def resolve(self, system_url: str, public_id: str | None, context: Any) -> Any:
            name = system_url.replace("\\", "/").rpartition("/")[2]
            file = xsd.parent / name
            if file.is_file():
                return self.resolve_filename(str(file), context)
            absent.append(name)
            return self.resolve_string("<absent/>", context)

    return Beside()

"""A bill of materials in the words of the other format: SPDX 2.3 beside CycloneDX."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ospolab import sbom

__all__ = ["to_spdx"]


def to_spdx(bom: Mapping[str, Any]) -> dict[str, Any]:
    """The same facts in the words of SPDX 2.3: packages, relationships, and NOASSERTION where the list says nothing.

    A reading aid, not a converter: what the other format has no room for is lost.
    """
    about, parts = bom.get("metadata", {}), bom.get("components", [])
    root = about.get("component", {"bom-ref": "root", "name": "unnamed"})
    ids = {one["bom-ref"]: f"SPDXRef-{number}" for number, one in enumerate([root, *parts])}
    edges = [(one["ref"], to) for one in bom.get("dependencies", []) for to in one.get("dependsOn", [])]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": root["name"],
        "documentNamespace": f"https://example.org/{bom.get('serialNumber', 'urn:uuid:none').rpartition(':')[2]}",
        "creationInfo": {
            "created": about.get("timestamp", "")[:19] + "Z",
            "creators": [f"Tool: {tool['name']}-{tool['version']}" for tool in about["tools"]["components"]],
        },
        "packages": [_package(one, ids[one["bom-ref"]]) for one in (root, *parts)],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-0"},
            *(
                {"spdxElementId": ids[a], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": ids[b]}
                for a, b in edges
            ),
        ],
    }


def _package(one: Mapping[str, Any], id_: str) -> dict[str, Any]:
    says, clear = sbom.licence(one)
    supplier = one.get("supplier", {}).get("name")
    made = {
        "SPDXID": id_,
        "name": one["name"],
        "versionInfo": one.get("version", ""),
        "supplier": f"Organization: {supplier}" if supplier else "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "licenseDeclared": says if clear else "NOASSERTION",
    }
    if one.get("purl"):
        url = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": one["purl"]}
        made["externalRefs"] = [url]
    return made

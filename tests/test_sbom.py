"""Bills of materials (`ospolab.sbom`) and the documents that the lab on them works with."""

import copy
import hashlib

import pytest
from license_expression import get_spdx_licensing
from packageurl import PackageURL

from ospolab import data, sbom
from ospolab.spdx import to_spdx

DESK = "reading-desk-2.0.0.cdx.json"
LISTS = sorted(name for name in data.documents() if name.endswith(".cdx.json") and name != "field-portal.cdx.json")


def desk(**first):
    bom = data.document(DESK)
    bom["components"][0] |= first
    return bom


# The documents


def test_every_document_is_registered_with_its_own_sum():
    files = {path.name for path in data.DOCUMENTS.iterdir()} - {"register.yml"}
    assert files == set(data.documents())
    for name, entry in data.documents().items():
        assert entry["sha256"] == hashlib.sha256((data.DOCUMENTS / name).read_bytes()).hexdigest(), name
        assert {"title", "kind", "source", "date", "licence", "limits"} <= set(entry)
    with pytest.raises(data.UnknownTable, match="All documents:"):
        data.document("nothing.json")


def test_documents_name_no_address_and_no_machine():
    for name in data.documents():
        text = (data.DOCUMENTS / name).read_text(encoding="utf-8")
        found = [line for line in text.splitlines() if "://" in line and "$schema" not in line]
        assert found == [] and "/site-packages" not in text, name


@pytest.mark.parametrize("name", LISTS)
def test_every_list_of_the_lab_is_valid(name):
    assert sbom.problems(data.document(name)) == []


def test_licence_fields_are_those_of_the_packages_in_the_lists():
    known = {(one["name"], one["version"]) for one in data.document("licence-fields.json")}
    for name in (DESK, "reading-desk-1.4.0.cdx.json", "data-stack.cdx.json"):
        assert {(one["name"], one["version"]) for one in data.document(name)["components"]} <= known


# Names and package URLs


def test_a_name_is_compared_as_the_packaging_specification_says():
    # The examples of the specification itself: all of them are one name.
    spelled = ["friendly-bard", "Friendly-Bard", "FRIENDLY-BARD", "friendly.bard", "friendly_bard", "friendly--bard"]
    assert {sbom.key(name) for name in [*spelled, "FrIeNdLy-._.-bArD"]} == {"friendly-bard"}


def test_the_same_package_has_the_same_url_in_every_list():
    for name in LISTS:
        for one in data.document(name)["components"]:
            if "purl" in one:
                # Dots stay in a package URL: boolean.py is one; to the index it is boolean-py.
                assert PackageURL.from_string(one["purl"]).name.replace(".", "-") == sbom.key(one["name"])


# Valid


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "libary"}, "libary"),
        ({"licenses": [{"license": {"id": "Apache 2.0"}}]}, "Apache 2.0"),
        ({"licence": "MIT"}, "licence"),
        ({"name": None}, "name"),
    ],
)
def test_the_schema_refuses_what_it_has_closed_lists_of(change, word):
    (said,) = sbom.problems(desk(**change))
    assert said.startswith("components.0") and word in said


@pytest.mark.parametrize("change", [{"licenses": [{"expression": "GPL"}]}, {"purl": "flask three"}, {"version": ""}])
def test_the_schema_lets_pass_what_the_score_sees(change):
    assert sbom.problems(desk(**change)) == []
    element = {"licenses": "licence", "purl": "identifier", "version": "version"}[next(iter(change))]
    usable = [sbom.completeness(bom, (element,)).usable[element] for bom in (desk(), desk(**change))]
    assert usable[1] < usable[0]


# Licences


@pytest.mark.parametrize(
    ("entries", "says", "clear"),
    [
        ([], "", False),
        ([{"license": {"id": "MIT"}}], "MIT", True),
        ([{"expression": "Apache-2.0 OR BSD-2-Clause"}], "Apache-2.0 OR BSD-2-Clause", True),
        ([{"expression": "GPL-2.0-or-later WITH Classpath-exception-2.0"}], None, True),
        ([{"expression": "GPL"}], "GPL", False),
        ([{"expression": "Apache 2.0"}], "Apache 2.0", False),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], "BSD License", False),
        ([{"license": {"id": "BSD-3-Clause"}}, {"license": {"name": "BSD License"}}], "BSD-3-Clause", True),
        ([{"license": {"id": "MIT"}}, {"license": {"id": "ISC"}}], "MIT; ISC", False),
        ([{"license": {"id": "MIT"}}, {"license": {"name": "BSD License"}}], "MIT; BSD License", False),
    ],
)
def test_a_licence_is_clear_if_it_is_one_valid_expression(entries, says, clear):
    said, is_clear = sbom.licence({"licenses": entries})
    assert is_clear is clear and says in (None, said)


def test_clear_ids_are_ids_of_the_spdx_list():
    known = get_spdx_licensing().known_symbols
    for name in LISTS:
        table = sbom.components(data.document(name))
        single = table.licence[table.clear & ~table.licence.str.contains(" ")].str.split(";").str[0]
        assert set(single) <= set(known), name


# Complete


def test_the_minimum_elements_are_the_seven_of_ntia_and_four_more():
    assert sbom.NTIA == ("supplier", "name", "version", "identifier", "relationship", "author", "timestamp")
    assert set(sbom.CISA_DRAFT) - set(sbom.NTIA) == {"hash", "licence", "tool", "context"}


def test_completeness_of_a_small_list_counted_by_hand():
    mark = sbom.unknown("supplier")
    bom = {
        "metadata": {
            "component": {"bom-ref": "root"},
            "timestamp": "2026-11-28T10:00:00Z",
            "authors": [{"name": "tbd"}],
        },
        "components": [
            {"bom-ref": "a", "name": "a", "version": "1", "purl": "pkg:pypi/a@1", "supplier": {"name": "A Ltd"}},
            {"bom-ref": "b", "name": "b", "version": "1", "purl": "pkg:pypi/b", "supplier": {"name": "unknown"}},
            {"bom-ref": "c", "name": "c", "version": "tbd", "cpe": "cpe:2.3:a:c:c:1", "properties": [mark]},
            {"bom-ref": "d", "name": "d", "hashes": [{"alg": "MD5", "content": "0" * 32}]},
        ],
        "dependencies": [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": ["b"]}, {"ref": "c"}],
    }
    score = sbom.completeness(bom, sbom.CISA_DRAFT)
    assert score.written.to_dict() == {
        "supplier": 50, "name": 100, "version": 75, "identifier": 75, "relationship": 50, "author": 100,
        "timestamp": 100, "hash": 25, "licence": 0, "tool": 0, "context": 0,
    }  # fmt: skip
    assert score.usable.to_dict() == {
        "supplier": 25, "name": 100, "version": 50, "identifier": 50, "relationship": 50, "author": 0,
        "timestamp": 100, "hash": 0, "licence": 0, "tool": 0, "context": 0,
    }  # fmt: skip
    assert score.marked.to_dict() == dict.fromkeys(sbom.CISA_DRAFT, 0) | {"supplier": 25}


def test_a_list_without_components_has_nothing_and_a_circle_ends():
    empty = sbom.completeness({"components": [], "metadata": {}})
    assert empty.to_numpy().sum() == 0
    bom = {
        "metadata": {"component": {"bom-ref": "r"}},
        "dependencies": [
            {"ref": "r", "dependsOn": ["a"]},
            {"ref": "a", "dependsOn": ["b"]},
            {"ref": "b", "dependsOn": ["a"]},
        ],
    }
    assert sbom.linked(bom) == {"a", "b"}


# What changed


def test_changes_are_found_by_package_url_and_not_by_spelling():
    table = sbom.changes(data.document("reading-desk-1.4.0.cdx.json"), data.document(DESK))
    assert table.change.value_counts().to_dict() == {"changed": 11, "added": 7, "removed": 3}
    assert table.loc["pillow", "change"] == "changed" and table.loc["pillow", "licence after"] == "MIT-CMU"
    assert list(table.index[table.change == "removed"]) == ["chardet", "greenlet", "six"]
    same = data.document(DESK)
    assert sbom.changes(same, copy.deepcopy(same)).empty


def of(name: str, version: str, id_: str) -> dict:
    part = {"name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
    return {"components": [part | {"licenses": [{"license": {"id": id_}}]}]}


def test_a_dot_in_a_package_url_is_no_other_package_and_a_licence_alone_is_a_change():
    dotted, hyphened = of("boolean.py", "5.0", "BSD-2-Clause"), of("boolean-py", "5.0", "BSD-2-Clause")
    assert sbom.changes(dotted, hyphened).empty
    (row,) = sbom.changes(dotted, of("boolean.py", "5.0", "MIT")).to_dict(orient="index").items()
    assert row[0] == "boolean-py" and (row[1]["change"], row[1]["licence after"]) == ("changed", "MIT")
    bare = {"components": [{"name": "Boolean_py", "version": "5.0"}]}
    assert list(sbom.components(bare).index) == ["boolean-py"]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (("removed", "GPL-3.0-only", "", False), "pass"),
        (("changed", "GPL-3.0-only", "GPL-3.0-only", True), "pass"),
        (("changed", "BSD License", "BSD License", False), "pass"),
        (("added", "", "MIT", True), "pass"),
        (("added", "", "GPL-2.0-or-later", True), "block"),
        (("added", "", "MIT OR AGPL-3.0-only", True), "pass"),
        (("added", "", "MIT AND AGPL-3.0-only", True), "block"),
        (("added", "", "GPL-2.0-only WITH Classpath-exception-2.0", True), "block"),
        (("added", "", "BUSL-1.1", True), "ask"),
        (("added", "", "MPL-2.0 AND MIT", True), "ask"),
        (("added", "", "(MPL-2.0 OR EUPL-1.2) AND MIT", True), "ask"),
        (("changed", "MIT", "(LGPL-2.1-only AND MIT)", True), "block"),
        (("added", "", "GPL", False), "ask"),
        (("added", "", "", False), "ask"),
        (("changed", "HPND", "MIT-CMU", True), "ask"),
    ],
)
def test_the_gate(row, verdict):
    assert sbom.gate(*row) == verdict


def test_the_gate_knows_three_changes():
    with pytest.raises(ValueError, match="renamed"):
        sbom.gate("renamed", "", "MIT", True)


# The other format


def test_spdx_says_the_same_and_marks_what_is_not_said():
    spdx, bom = to_spdx(data.document(DESK)), data.document(DESK)
    assert spdx["spdxVersion"] == "SPDX-2.3" and len(spdx["packages"]) == len(bom["components"]) + 1
    flask = spdx["packages"][1]
    assert (flask["name"], flask["versionInfo"], flask["licenseDeclared"]) == ("Flask", "3.1.3", "BSD-3-Clause")
    assert flask["supplier"] == "NOASSERTION"
    jinja = next(one for one in spdx["packages"] if one["name"] == "Jinja2")
    assert jinja["licenseDeclared"] == "NOASSERTION"
    edges = sum(len(one.get("dependsOn", [])) for one in bom["dependencies"])
    assert sum(one["relationshipType"] == "DEPENDS_ON" for one in spdx["relationships"]) == edges
    ids = {one["SPDXID"] for one in spdx["packages"]}
    assert len(ids) == len(spdx["packages"])
    assert all(one["relatedSpdxElement"] in ids for one in spdx["relationships"])


def test_only_all_components_are_100_per_cent_and_only_none_is_0():
    course = data.document("course.cdx.json")
    assert sum("purl" in one for one in course["components"]) == 205 and len(course["components"]) == 206
    assert sbom.completeness(course).usable["identifier"] == 99
    parts = [{"name": "a", "version": "1"}, *({"name": "b"} for _ in range(400))]
    assert sbom.completeness({"components": parts}).usable["version"] == 1

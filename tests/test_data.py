"""The fact tables: typed as the schema says, described in words, registered with their source, small."""

import hashlib

import pandas as pd
import pytest

from ospolab import data


@pytest.mark.parametrize("name", data.names())
def test_table_has_the_columns_types_and_key_of_its_schema(name):
    table, schema = data.load(name), data.schema(name)
    assert list(table.columns) == list(schema["columns"])
    expected = {
        "text": "str",
        "flag": "bool",
        "count": "int64",
        "number": "float64",
        "date": "datetime64",
        "month": "period[M]",
        "quarter": "period[Q-DEC]",
        "optional count": "Int64",
        "optional date": "datetime64",
    }
    for column, kind in schema["columns"].items():
        assert str(table[column].dtype).startswith(expected[kind]), (column, table[column].dtype)
        if not kind.startswith("optional"):
            assert not table[column].isna().any(), column
    if schema["key"]:
        assert not table.duplicated(schema["key"]).any()


@pytest.mark.parametrize("name", data.names())
def test_table_is_registered_and_described(name):
    entry, words = data.register().loc[name], data.describe(name)
    path = data.TABLES / f"{name}.csv"
    assert entry["rows"] == len(data.load(name))
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert len(entry["source"].split(";")) == len(entry["commit"].split(";")) == len(entry["snapshot_date"].split(";"))
    assert entry["licence"]
    assert set(words["columns"]) == set(data.schema(name)["columns"])
    assert words["row"] and words["traps"]


def test_register_schema_and_words_know_the_same_tables():
    assert (
        set(data.register().index)
        == set(data._yaml("schema.yml"))
        == set(data._yaml("tables.yml"))
        == set(data.names())
    )


def test_tables_stay_small():
    assert sum(path.stat().st_size for path in data.TABLES.glob("*.csv")) < 2_000_000


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(
        data.UnknownTable, match=r'no table "handover_montly"\. Did you mean "handover_monthly"\?'
    ) as error:
        data.load("handover_montly")
    assert str(error.value).startswith("There is no table")
    with pytest.raises(data.UnknownTable, match="All tables: advisories"):
        data.load("zzzzzz")


def test_a_loaded_table_is_the_callers_own():
    mine = data.load("ospo_stages")
    mine.loc[0, "theme"] = "scribbled"
    assert data.load("ospo_stages").loc[0, "theme"] != "scribbled"


def test_no_person_can_be_found_in_a_table():
    for name in data.names():
        text = (data.TABLES / f"{name}.csv").read_text(encoding="utf-8")
        addresses = pd.Series(text.split()).str.contains(r"[\w.]+@[\w-]+\.(?:com|org|net|de|io)\b", regex=True)
        assert not addresses.any(), name

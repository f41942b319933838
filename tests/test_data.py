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


def outside(column: pd.Series, limit) -> pd.Series:
    """The cells of a column that its limit in schema.yml does not allow; empty cells are for the type to judge."""
    filled = column.dropna()
    if isinstance(limit, list):
        return filled[~filled.isin(limit)]
    if "pattern" in limit:
        return filled[~filled.str.fullmatch(limit["pattern"])]
    low, high = (like(filled, limit[end]) for end in ("from", "to"))
    return filled[(filled < low) | (filled > high)]


def like(column: pd.Series, bound):
    """A bound as YAML reads it, as a value that compares with the column's."""
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.Period(bound, freq=column.dtype.freq)
    return pd.Timestamp(bound) if column.dtype.kind == "M" else bound


@pytest.mark.parametrize("name", data.names())
def test_every_cell_is_within_the_limits_of_its_column(name):
    table, schema = data.load(name), data.schema(name)
    limited = {column for column, kind in schema["columns"].items() if kind != "flag"}
    assert set(schema["limits"]) == limited, "every column but a flag has its limits"
    for column, limit in schema["limits"].items():
        assert outside(table[column], limit).unique().tolist() == [], column
    for smaller, larger in schema.get("not_above", []):
        assert not (table[smaller] > table[larger]).any(), f"{smaller} is above {larger}"


def test_limits_are_noticed():
    months = pd.Series(pd.period_range("2020-01", periods=3, freq="M"))
    assert outside(months, {"from": "2020-01", "to": "2020-02"}).astype(str).tolist() == ["2020-03"]
    assert outside(pd.Series([0.0, 1.5]), {"from": 0, "to": 1}).tolist() == [1.5]
    assert outside(pd.Series(["a", "b"]), ["a"]).tolist() == ["b"]
    assert outside(pd.Series(["CVE-1", "x CVE-1"]), {"pattern": "CVE-\\d"}).tolist() == ["x CVE-1"]
    assert (
        outside(pd.Series(pd.to_datetime(["2024-01-01", None])), {"from": "2025-01-01", "to": "2026-01-01"}).size == 1
    )


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

"""Values of known types as JSON: what tests can read of a student's, and what they can ask a student's function.

A value is a JSON scalar or {"t": type, "v": content}. Whatever arrives becomes an object of exactly one of the types
named here, made by the side that receives it: no object of a class that the other side has defined ever arrives, and
none whose reading or use takes for ever.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from fractions import Fraction
from typing import Any

__all__ = ["Untyped", "decode", "encode"]

DEEPEST = 40
PLAIN = {type(None), bool, int, float, str}
SAFE = 1 << 64
LONGEST = 12_000  # bits of an int
MOST_CELLS = 200_000  # of a column
MOST_COLUMNS = 2_000
# What a test does with a value must end. Python's own hash of numbers and tuples can be made to collide.
MOST_MEMBERS, MOST_MIXED = 100_000, 2_000  # of a set or a dict: of text, of anything
MOST_DIGITS = 2_000  # of a Decimal, and most zeros after them
LONGEST_RANGE = 1_000_000
# Types of arrays and columns that cross; the name is all the receiver believes.
DTYPE = re.compile(
    r"object|bool|boolean|str|string|u?int(8|16|32|64)|U?Int(8|16|32|64)|[fF]loat(16|32|64)|complex(64|128)"
    r"|(datetime|timedelta)64\[(s|ms|us|ns|D)(, [\w/+:-]{1,40})?\]|period\[[\w-]{1,12}\]"
)


class Untyped(TypeError):
    """A value has no type that can cross. `kind` is the name of what it is."""

    def __init__(self, kind: str, where: str = ""):
        super().__init__(f"a value of type {kind}{where}")
        self.kind = kind


def encode(value: Any, functions: Callable[[Any], Any] | None = None, depth: int = 0) -> Any:
    """A value as JSON. functions: what to make of a callable, default Untyped. Raises Untyped.

    Subclasses of the known types cross as their base: an IntEnum is its number, a named tuple a tuple.
    """
    if depth > DEEPEST:
        raise Untyped("nested too deep, or containing itself")
    kind = type(value)
    if kind in PLAIN and (
        kind is not int or -SAFE < value < SAFE
    ):  # Python's JSON keeps 2.0 apart from 2, and infinity
        return value

    def inner(part: Any) -> Any:
        return encode(part, functions, depth + 1)

    for encoder in (_encode_pandas, _encode_numpy, _encode_plain):
        content = encoder(value, inner)
        if content is not None:
            return content
    if functions is not None and callable(value):
        return functions(value)
    raise Untyped(type(value).__qualname__)


def decode(content: Any, functions: Callable[[Any], Any] | None = None, depth: int = 0) -> Any:
    """The value that `encode` made JSON of, as an object of exactly the type it names.

    functions: what to make of {"t": "function", ...}. Raises Untyped for anything `encode` does not write.
    """
    if depth > DEEPEST:
        raise Untyped("nested too deep")
    if type(content) in PLAIN:
        return content
    if not isinstance(content, dict) or not isinstance(content.get("t"), str):
        raise Untyped("that is no value")

    def inner(part: Any) -> Any:
        return decode(part, functions, depth + 1)

    kind = content["t"]
    if kind == "function" and functions is not None:
        return functions(content)
    if kind not in _DECODERS:
        raise Untyped("that is unknown here")
    try:
        return _DECODERS[kind](content, inner)
    except Untyped:
        raise
    except Exception as error:  # content that encode never writes, whatever it is
        raise Untyped(f"{kind} that cannot be read ({type(error).__name__})") from None


def _encode_plain(value: Any, inner: Callable) -> Any:
    # Methods of the base classes, not the value's own: a subclass may have redefined them.
    match value:
        case int():
            number = int.__index__(value)
            if number.bit_length() > LONGEST:
                raise Untyped("int, with more digits than can cross")
            return number if abs(number) < SAFE else {"t": "int", "v": hex(number)}
        case float():
            return float.__float__(value)
        case str():
            return str.__str__(value)
        case complex():
            return {"t": "complex", "v": [repr(value.real), repr(value.imag)]}
        case bytes():
            return {"t": "bytes", "v": bytes.hex(value)}
        case datetime():
            return {"t": "datetime", "v": datetime.isoformat(value)}
        case date():
            return {"t": "date", "v": date.isoformat(value)}
        case clock():
            return {"t": "time", "v": clock.isoformat(value)}
        case timedelta():
            return {"t": "timedelta", "v": [value.days, value.seconds, value.microseconds]}
        case Decimal():
            return {"t": "Decimal", "v": str(_decimal(Decimal.__str__(value)))}
        case Fraction():
            return {"t": "Fraction", "v": [hex(value.numerator), hex(value.denominator)]}
        case range():
            return {"t": "range", "v": [inner(value.start), inner(value.stop), inner(value.step)]}
        case dict():
            return {"t": "dict", "v": [[inner(key), inner(part)] for key, part in dict.items(value)]}
    for kind in (list, tuple, frozenset, set):
        if isinstance(value, kind):
            return {"t": kind.__name__, "v": [inner(part) for part in kind.__iter__(value)]}
    return None


def _encode_numpy(value: Any, inner: Callable) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.ndarray):
        plain = numpy.asarray(value)
        cells = plain.astype("int64") if plain.dtype.kind in "mM" else plain
        return {"t": "array", "dtype": _dtype(plain.dtype), "shape": list(plain.shape),
                "v": [inner(cell) for cell in cells.ravel().tolist()]}  # fmt: skip
    if isinstance(value, numpy.generic) and not isinstance(value, (str, bytes)):
        cell = value.astype("int64") if value.dtype.kind in "mM" else value
        return {"t": "numpy", "dtype": _dtype(value.dtype), "v": inner(cell.item())}
    return None


def _encode_pandas(value: Any, inner: Callable) -> Any:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if value is pandas.NaT or value is pandas.NA:
        return {"t": "missing", "v": "NaT" if value is pandas.NaT else "NA"}
    match value:
        case pandas.Timestamp():
            return {"t": "Timestamp", "v": [value.isoformat(), str(value.tz) if value.tz is not None else None]}
        case pandas.Timedelta():
            return {"t": "Timedelta", "v": value.isoformat()}
        case pandas.Period():
            return {"t": "Period", "v": [str(value), value.freqstr]}
        case pandas.DataFrame():
            columns = [_column(value.iloc[:, at], inner) for at in range(value.shape[1])]
            return {"t": "DataFrame", "v": columns, "columns": _index(value.columns, inner),
                    "index": _index(value.index, inner)}  # fmt: skip
        case pandas.Series():
            return {"t": "Series", **_column(value, inner), "index": _index(value.index, inner),
                    "name": inner(value.name)}  # fmt: skip
        case pandas.Index():
            return {"t": "Index", **_index(value, inner)}
    return None


def _column(values: Any, inner: Callable) -> dict[str, Any]:
    """Cells and type of a Series or flat Index. A category crosses as what it holds."""
    if len(values) > MOST_CELLS:
        raise Untyped(f"{type(values).__name__}, with more than {MOST_CELLS:,} rows")
    if str(values.dtype) == "category":
        values = values.astype(values.dtype.categories.dtype)
    name = _dtype(values.dtype)
    if name.startswith(("period", "datetime64", "timedelta64")):
        # Numbers since the epoch: parsing the text of a date takes a hundred times as long.
        whole = values.array.tz_convert(None) if getattr(values.dtype, "tz", None) else values.array
        return {"dtype": name, "since": whole.asi8.tolist()}
    return {"dtype": name, "v": [cell if type(cell) in PLAIN else inner(cell) for cell in values.tolist()]}


def _index(index: Any, inner: Callable) -> dict[str, Any]:
    names = [inner(name) for name in index.names]
    if index.nlevels == 1:
        return {**_column(index, inner), "names": names}
    return {"levels": [_column(index.get_level_values(at), inner) for at in range(index.nlevels)], "names": names}


def _dtype(kind: Any) -> str:
    name = str(kind)
    if re.fullmatch(r"[<>|=]?[US]\d+", name):
        return "object"
    if not DTYPE.fullmatch(name):
        raise Untyped(f"array of {name}")
    return name


def _decimal(text: str) -> Decimal:
    number = Decimal(text) if len(text) < 2 * MOST_DIGITS else Decimal("1e999999")
    if number.is_finite() and max(abs(number.adjusted()), len(number.as_tuple().digits)) > MOST_DIGITS:
        raise Untyped("Decimal, with more digits than can cross")
    return number


def _whole(text: str) -> int:
    if len(text) > LONGEST // 4 + 4:
        raise Untyped("int, with more digits than can cross")
    return int(text, 16)


def _range(content: dict, inner: Callable) -> range:
    made = range(*map(inner, content["v"]))
    if made[LONGEST_RANGE:]:
        raise Untyped(f"range, of more than {LONGEST_RANGE:,} numbers")
    return made


def _members(kind: type) -> Callable:
    """Reads a set, a frozenset or a dict."""

    def read(content: dict, inner: Callable) -> Any:
        parts = content["v"]
        keys = [part[0] for part in parts] if kind is dict else parts
        if len(parts) > (MOST_MEMBERS if all(type(key) is str for key in keys) else MOST_MIXED):
            raise Untyped(f"{kind.__name__}, with more members than can cross")
        return {inner(key): inner(part) for key, part in parts} if kind is dict else kind(map(inner, parts))

    return read


def _array(content: dict, inner: Callable) -> Any:
    import numpy

    name, shape = _dtype(content["dtype"]), [int(length) for length in content["shape"]]
    cells = [inner(cell) for cell in content["v"]]
    flat = numpy.empty(len(cells), dtype=object)
    flat[:] = cells
    return flat.astype(name).reshape(shape) if name != "object" else flat.reshape(shape)


def _scalar(content: dict, inner: Callable) -> Any:
    import numpy

    return numpy.array([inner(content["v"])]).astype(_dtype(content["dtype"]))[0]


def _cells(content: dict, inner: Callable) -> Any:
    """What the cells of a Series or an Index are made of."""
    import numpy
    import pandas

    name = _dtype(content["dtype"])
    if "since" not in content:
        return [cell if type(cell) in PLAIN else inner(cell) for cell in content["v"]]
    numbers = numpy.array([int(number) for number in content["since"]], dtype="int64")
    if name.startswith("period"):
        return pandas.PeriodIndex.from_ordinals(numbers, freq=name[7:-1])
    plain, _, zone = name[:-1].partition(", ")
    if not zone:
        return numbers.view(name)
    return pandas.DatetimeIndex(numbers.view(f"{plain}]")).tz_localize("UTC").tz_convert(zone)


def _series(content: dict, inner: Callable) -> Any:
    import pandas

    index, name = _read_index(content["index"], inner), inner(content["name"])
    made = pandas.Series(_cells(content, inner), dtype=_dtype(content["dtype"]), name=name)
    made.index = index
    return made


def _frame(content: dict, inner: Callable) -> Any:
    import pandas

    if len(content["v"]) > MOST_COLUMNS:
        raise Untyped(f"DataFrame, with more than {MOST_COLUMNS:,} columns")
    index = _read_index(content["index"], inner)
    made = {at: pandas.Series(_cells(column, inner), dtype=_dtype(column["dtype"]))
            for at, column in enumerate(content["v"])}  # fmt: skip
    frame = pandas.DataFrame(made) if made else pandas.DataFrame(index=index)
    frame.index = index
    frame.columns = _read_index(content["columns"], inner)
    return frame


def _read_index(content: dict, inner: Callable) -> Any:
    import pandas

    names = [inner(name) for name in content["names"]]
    if "levels" in content:
        return pandas.MultiIndex.from_arrays([_cells(level, inner) for level in content["levels"]], names=names)
    return pandas.Index(_cells(content, inner), dtype=_dtype(content["dtype"]), name=names[0])


def _missing(content: dict, _inner: Callable) -> Any:
    import pandas

    return {"NaT": pandas.NaT, "NA": pandas.NA}[content["v"]]


def _stamp(content: dict, _inner: Callable) -> Any:
    import pandas

    text, zone = content["v"]
    stamp = pandas.Timestamp(text)
    return stamp.tz_convert(zone) if zone is not None else stamp


def _pandas(name: str) -> Callable:
    def read(content: dict, _inner: Callable) -> Any:
        import pandas

        parts = content["v"] if isinstance(content["v"], list) else [content["v"]]
        return getattr(pandas, name)(*(str(part) for part in parts))

    return read


_DECODERS: dict[str, Callable[[dict, Callable], Any]] = {
    "int": lambda c, inner: _whole(c["v"]),
    "complex": lambda c, inner: complex(*map(float, c["v"])),
    "bytes": lambda c, inner: bytes.fromhex(c["v"]),
    "datetime": lambda c, inner: datetime.fromisoformat(c["v"]),
    "date": lambda c, inner: date.fromisoformat(c["v"]),
    "time": lambda c, inner: clock.fromisoformat(c["v"]),
    "timedelta": lambda c, inner: timedelta(*map(int, c["v"])),
    "Decimal": lambda c, inner: _decimal(c["v"]),
    "Fraction": lambda c, inner: Fraction(*map(_whole, c["v"])),
    "range": _range,
    "list": lambda c, inner: [inner(part) for part in c["v"]],
    "tuple": lambda c, inner: tuple(inner(part) for part in c["v"]),
    "set": _members(set),
    "frozenset": _members(frozenset),
    "dict": _members(dict),
    "array": _array,
    "numpy": _scalar,
    "Series": _series,
    "DataFrame": _frame,
    "Index": _read_index,
    "missing": _missing,
    "Timestamp": _stamp,
    "Timedelta": _pandas("Timedelta"),
    "Period": _pandas("Period"),
}

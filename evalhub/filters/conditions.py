"""From a filter's text to a condition made anew: of our own columns, operators and numbered values alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NoReturn

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError

from evalhub.filters.filter import Filter, FilterError, Value
from evalhub.filters.values import BadValue, is_value, spelt, value_of
from evalhub.filters.words import check_words, column_name, no_column
from evalhub.store.columns import Column

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LIKES: dict[type[exp.Expr], str] = {exp.Like: "LIKE", exp.ILike: "ILIKE"}
_JOINED: dict[type[exp.Expr], str] = {exp.And: "AND", exp.Or: "OR"}

_PARTS: dict[type[exp.Expr], set[str]] = {
    **{kind: {"this", "expression"} for kind in (*_COMPARISONS, *_JOINED)},
    **{kind: {"this", "expression", "negate"} for kind in (*_LIKES, exp.Is)},
    **{kind: {"this"} for kind in (exp.Paren, exp.Not, exp.Neg, exp.Column, exp.Identifier, exp.Boolean)},
    exp.In: {"this", "expressions", "negate"},
    exp.Between: {"this", "low", "high", "negate"},
    exp.Literal: {"this", "is_string"},
    exp.Cast: {"this", "to"},
    exp.DataType: {"this"},
    exp.Null: set(),
}
"""All that may stand in a tree, and what each of them may have."""

_Made = tuple[str, str]
"""A condition as SQL, and as a user could type it."""


def read(text: str, columns: Sequence[Column], prefix: str) -> Filter:
    """Read a condition on these columns; its parameters' names begin with the prefix.

    Raises:
        FilterError: it is anything else, or too large.
    """
    names = [column.name for column in columns]
    words = check_words(text, names)
    try:
        trees = DuckDB().parser().parse(words, text)
        if len(trees) != 1 or trees[0] is None:
            raise FilterError("a filter is one condition")
        reader = _Reader(text, columns, prefix)
        reader.check(trees[0])
        sql, typed = reader.condition(trees[0])
    except SqlglotError as error:
        raise FilterError("this does not read as a condition", text, *_stopped(error, text)) from None
    except RecursionError:
        raise FilterError("the filter is nested too deeply") from None
    return Filter(typed, sql, reader.parameters, tuple(name for name in names if name in reader.used))


class _Reader:
    """Goes down a tree and makes the condition anew."""

    def __init__(self, text: str, columns: Iterable[Column], prefix: str) -> None:
        self.parameters: dict[str, Value] = {}
        self.used: set[str] = set()
        self._text = text
        self._columns = {column.name: column for column in columns}
        self._prefix = prefix

    def check(self, tree: exp.Expr) -> None:
        """Refuse a tree with anything that is not on the list."""
        for node in tree.walk():
            if type(node) not in _PARTS or {name for name, part in node.args.items() if part} - _PARTS[type(node)]:
                self._fail("this has no place in a filter", node)

    def condition(self, node: exp.Expr) -> _Made:
        """The condition that a node says."""
        node = _plain(node)
        denied = type(node) is exp.Not
        inner = _bare(node.this) if denied else node
        sql, typed = self._said(inner)
        # NOT LIKE is one node to sqlglot, other NOTs are a node around it; which ones, its versions differ.
        if denied == bool(inner.args.get("negate")):
            return sql, typed
        return f"NOT ({sql})", f"NOT ({typed})" if type(inner) in _JOINED else f"NOT {typed}"

    def _said(self, node: exp.Expr) -> _Made:
        kind = type(node)
        if kind in _JOINED:
            parts = [self._joined(part, kind) for part in _parts(node, kind)]
            word = f" {_JOINED[kind]} "
            return word.join(sql for sql, _ in parts), word.join(typed for _, typed in parts)
        if kind in _COMPARISONS:
            return self._comparison(node)
        if kind in _LIKES:
            return self._like(node)
        if kind is exp.In:
            return self._in(node)
        if kind is exp.Between:
            return self._between(node)
        if kind is exp.Is:
            return self._is_null(node)
        return self._alone(node)

    def _joined(self, node: exp.Expr, outer: type[exp.Expr]) -> _Made:
        """A part of a chain of ANDs, or of ORs: in brackets where it is a chain of the other; a user needs them
        only around ORs."""
        sql, typed = self.condition(node)
        if type(node) not in _JOINED:
            return sql, typed
        return f"({sql})", f"({typed})" if outer is exp.And else typed

    def _alone(self, node: exp.Expr) -> _Made:
        column = self._column(node)
        if column.kind != "boolean":
            self._fail(f"{column.name} is no condition: compare it with something", node)
        return f'"{column.name}"', column.name

    def _comparison(self, node: exp.Expr) -> _Made:
        sign = _COMPARISONS[type(node)]
        left, right = _bare(node.this), _bare(node.expression)
        if is_value(left) and not is_value(right):
            left, right, sign = right, left, _FLIPPED.get(sign, sign)
        column = self._column(left)
        ordered = sign in _FLIPPED
        if ordered and column.kind in ("list", "boolean"):
            self._fail(f"{column.name} is compared by = and <> only", node)
        value = self._value(right, column)
        typed = f"{column.name} {sign} {spelt(value)}"
        if column.kind != "list":
            return f'"{column.name}" {sign} {self._put(value)}', typed
        held = self._holds(column, [value])
        return (held if sign == "=" else f"NOT {held}"), typed

    def _like(self, node: exp.Expr) -> _Made:
        word = _LIKES[type(node)]
        column = self._column(_bare(node.this))
        if column.kind not in ("text", "list"):
            self._fail(f"{column.name} is no text: {word} does not fit", node)
        value = self._value(_bare(node.expression), column)
        typed = f"{column.name} {word} {spelt(value)}"
        if column.kind == "list":
            return f'len(list_filter("{column.name}", lambda one: one {word} {self._put(value)})) > 0', typed
        return f'"{column.name}" {word} {self._put(value)}', typed

    def _in(self, node: exp.Expr) -> _Made:
        column = self._column(_bare(node.this))
        if not node.expressions:
            self._fail("IN is followed by values in brackets, as in IN ('a', 'b')", node)
        values = sorted({self._value(_bare(one), column) for one in node.expressions})
        typed = f"{column.name} IN ({', '.join(spelt(value) for value in values)})"
        if column.kind == "list":
            return f"({self._holds(column, values)})", typed
        return f'"{column.name}" IN ({", ".join(self._put(value) for value in values)})', typed

    def _between(self, node: exp.Expr) -> _Made:
        column = self._column(_bare(node.this))
        if column.kind in ("list", "boolean"):
            self._fail(f"{column.name} is compared by = and <> only", node)
        low, high = (self._value(_bare(node.args[end]), column) for end in ("low", "high"))
        typed = f"{column.name} BETWEEN {spelt(low)} AND {spelt(high)}"
        return f'"{column.name}" BETWEEN {self._put(low)} AND {self._put(high)}', typed

    def _is_null(self, node: exp.Expr) -> _Made:
        column = self._column(_bare(node.this))
        if type(node.expression) is not exp.Null:
            self._fail("IS is followed by NULL or NOT NULL", node)
        typed = f"{column.name} IS NULL"
        return (f'len("{column.name}") = 0' if column.kind == "list" else f'"{column.name}" IS NULL'), typed

    def _column(self, node: exp.Expr) -> Column:
        if is_value(node):
            self._fail("a condition speaks of a column", node)
        if type(node) is not exp.Column:
            self._fail("one column is compared with one value", node)
        name = column_name(node.name)
        if name not in self._columns:
            raise no_column(self._text, node.name, list(self._columns), self._place(node)[0])
        self.used.add(name)
        return self._columns[name]

    def _value(self, node: exp.Expr, column: Column) -> Value:
        if not is_value(node):
            self._fail(f"{column.name} is compared with a value", node)
        try:
            return value_of(node, column)
        except BadValue as error:
            self._fail(str(error), node)

    def _holds(self, column: Column, values: Iterable[Value]) -> str:
        return " OR ".join(f'list_contains("{column.name}", {self._put(value)})' for value in values)

    def _put(self, value: Value) -> str:
        name = f"{self._prefix}{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def _place(self, node: exp.Expr) -> tuple[int, int]:
        """Where its words stand; the whole text where the parser does not say."""
        known = [one.meta for one in node.walk() if "start" in one.meta]
        if not known:
            return self._place(node.parent) if node.parent else (0, len(self._text))
        return min(one["start"] for one in known), max(one["end"] for one in known) + 1

    def _fail(self, problem: str, node: exp.Expr) -> NoReturn:
        raise FilterError(problem, self._text, *self._place(node))


def _stopped(error: SqlglotError, text: str) -> tuple[int, int]:
    """The word at which the parser gave up; the whole text where it does not say."""
    told = (getattr(error, "errors", None) or [{}])[0]
    if not told.get("line") or not told.get("highlight"):
        return 0, len(text)
    # `col` is that of the word's last character, counted from 1.
    end = sum(len(line) for line in text.splitlines(keepends=True)[: told["line"] - 1]) + told["col"]
    return max(0, end - len(told["highlight"])), end


def _parts(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """What a chain of ANDs or of ORs joins, in order; without recursion, for it may be long."""
    found, left = [], [node]
    while left:
        part = _plain(left.pop())
        if type(part) is kind:
            left += [part.expression, part.this]
        else:
            found.append(part)
    return found


def _plain(node: exp.Expr) -> exp.Expr:
    """A condition without brackets around it and NOTs that undo each other."""
    node = _bare(node)
    while type(node) is exp.Not and type(inner := _bare(node.this)) is exp.Not:
        node = _bare(inner.this)
    return node


def _bare(node: exp.Expr) -> exp.Expr:
    """What stands within brackets."""
    while type(node) is exp.Paren:
        node = node.this
    return node

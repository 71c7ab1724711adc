"""Whatever is typed, nothing reaches the database but a condition on allowed columns."""

from __future__ import annotations

import itertools
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.errors import EvalhubError
from evalhub.filters import Filter, FilterError, model_filter, sample_filter
from evalhub.filters.words import DEEPEST, MOST_CHARACTERS, MOST_NOTS
from evalhub.store.model_columns import MODEL_COLUMNS
from evalhub.store.sample_columns import SAMPLE_COLUMNS
from tests.filters.checks import check, table_of

ATTACKS = [
    "DROP TABLE sample",
    "DELETE FROM sample",
    "UPDATE model SET cutoff = NULL",
    "INSERT INTO alias VALUES ('a', 'b')",
    "CREATE TABLE t AS SELECT 1",
    "ALTER TABLE sample ADD COLUMN x INT",
    "ATTACH '/tmp/x.db' AS x",
    "COPY sample TO '/tmp/x.csv'",
    "EXPORT DATABASE '/tmp/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "RESET ALL",
    "CALL pragma_version()",
    "USE x",
    "CHECKPOINT",
    "EXPLAIN SELECT 1",
    "PREPARE p AS SELECT 1",
    "SELECT prompt FROM sample",
    "(SELECT max(prompt) FROM sample)",
    "(FROM sample)",
    "EXISTS (SELECT 1 FROM model)",
    "(VALUES (1))",
    "(WITH x AS (SELECT 1) SELECT * FROM x)",
    "1 UNION SELECT 2",
    "read_csv('/etc/passwd')",
    "read_text('/etc/passwd')",
    "read_parquet('http://example.org/x')",
    "glob('/*')",
    "getenv('HOME')",
    "current_setting('home_directory')",
    "query('SELECT 1')",
    "query_table('sample')",
    "sqlite_scan('x', 'y')",
    "lower(source)",
    "length(source)",
    "count(*)",
    "COUNT(*) OVER ()",
    "row_number() OVER (ORDER BY source)",
    "sum(n_choices) FILTER (WHERE has_image)",
    "CASE WHEN has_image THEN 1 ELSE 0 END",
    "IF(has_image, 1, 0)",
    "COALESCE(source, 'x')",
    "CAST(source AS INT)",
    "TRY_CAST(source AS INT)",
    "'1'::INT",
    "source::JSON",
    "DATE('2024-01-01')",
    "INTERVAL 1 DAY",
    "TIMESTAMP '2024-01-01'",
    "CURRENT_DATE",
    "now()",
    "$1",
    "$sample_0",
    "?",
    ":name",
    "@x",
    "@@version",
    "x -> x + 1",
    "lambda x: x",
    "list_filter(tags, x -> true)",
    "[1, 2, 3]",
    "{'a': 1}",
    "MAP {'a': 1}",
    "tags[1]",
    "source.x",
    "sample.source",
    "main.sample.source",
    "tags.x.y",
    "ROW(1, 2)",
    "(1, 2)",
    "*",
    "COLUMNS('.*')",
    "sample.*",
    "rowid",
    "sample_id",
    "prompt",
    "reference",
    '"source"',
    '"; DROP TABLE sample"',
    "`source`",
    "[source]",
    "E'\\x27'",
    "x'41'",
    "$$text$$",
    "$a$text$a$",
    "U&'\\0041'",
    "B'01'",
    "N'text'",
    "1 + 1",
    "n_choices * 2",
    "n_choices % 2",
    "n_choices ** 99",
    "2 ^ 2",
    "~1",
    "1 << 62",
    "source || 'x'",
    "1 & 1",
    "- n_choices",
    "- - 1",
    "+1",
    "1e999",
    "0x7f",
    "0b11",
    "1_000",
    "9" * 400,
    "NaN",
    "inf",
    "TABLE sample",
    "GROUP BY source",
    "ORDER BY source",
    "LIMIT 1",
    "HAVING 1",
    "RETURNING *",
    "ANY(tags)",
    "ALL(SELECT 1)",
    "DISTINCT source",
    "VALUES",
    "DEFAULT",
    "UNNEST(tags)",
    "TRY(source)",
    "ASC",
]
FORMS = [
    "{}",
    "source = 'x'; {}",
    "{}; source = 'x'",
    "has_image OR {}",
    "n_choices = {}",
    "n_choices IN ({})",
    "n_choices BETWEEN 1 AND {}",
    "NOT ({})",
    "source LIKE {}",
    "{} IS NULL",
    "published_at > {}",
]
COMMENTS = ["-- {}", "--{}\n", "/* {} */", "/*{}", "/**/ {} /**/", "# {}", "// {}", "/*! {} */", "/* /* {} */ */"]

OPERATORS = [
    "source SIMILAR TO 'x'",
    "source GLOB 'x'",
    "source ~ 'x'",
    "source !~ 'x'",
    "source ~~ 'x'",
    "source REGEXP 'x'",
    "source RLIKE 'x'",
    "source LIKE 'x' ESCAPE '!'",
    "source LIKE ANY ('x', 'y')",
    "source = ANY (tags)",
    "source IS DISTINCT FROM 'x'",
    "source IS NOT DISTINCT FROM 'x'",
    "has_image IS TRUE",
    "has_image IS NOT FALSE",
    "has_image IS UNKNOWN",
    "has_image ISNULL",
    "has_image NOTNULL",
    "has_image XOR has_image",
    "source COLLATE NOCASE = 'x'",
    "source = 'x' COLLATE NOCASE",
    "published_at AT TIME ZONE 'UTC' > '2024-01-01'",
    "published_at > '2024-01-01' - INTERVAL 1 DAY",
    "source <=> 'x'",
    "source == 'x' == 'y'",
    "source := 'x'",
    "source => 'x'",
    "tags @> 'x'",
    "tags && 'x'",
    "'x' IN tags",
    "source IN tags",
    "source IN ('x', licence)",
    "source IN ()",
    "source IN ('a', NULL)",
    "source = NULL",
    "source = licence",
    "published_at > added_at",
    "n_choices BETWEEN SYMMETRIC 9 AND 1",
    "n_choices BETWEEN ASYMMETRIC 1 AND 9",
    "n_choices BETWEEN 1",
    "1 < n_choices < 3",
    "n_choices = 1 = TRUE",
    "1 = 1",
    "TRUE",
    "NULL",
    "'x'",
    "source",
    "n_choices",
    "NOT source",
    "has_image AND 1",
    "has_image AND 'x'",
    "has_image has_image",
    "has_image AS x",
    "source 'x'",
    "source = 'x' 'y'",
    "source = 'x' AND",
    "AND has_image",
    "has_image AND AND has_image",
    "has_image,",
    "has_image, has_image",
    "(has_image, has_image)",
    "(has_image",
    "has_image)",
    ")(",
    "()",
    "",
    " ",
    "\n",
    ";",
    "'",
    "'''",
    "source = 'x",
    "source = x'",
    "date = '2024-01-01'",
    "DATE '2024-01-01'",
    "published_at = DATE 3",
    "published_at = DATE has_image",
    "source = 5",
    "n_choices = '5'",
    "n_choices LIKE '5'",
    "published_at LIKE '2024%'",
    "published_at > 2024",
    "published_at > '2024'",
    "published_at > '2024-02-30'",
    "published_at > '2024-1-1'",
    "published_at > '20240101'",
    "published_at > '2024-01-01T00:00:00'",
    "published_at > 'yesterday'",
    "published_at > '٢٠٢٤-٠١-٠١'",
    "has_image = 1",
    "has_image = 'true'",
    "has_image > FALSE",
    "tags > 'x'",
    "tags BETWEEN 'a' AND 'b'",
    "tags = 1",
    "n_choices = TRUE",
    "n_choices = 7B",
    "n_choices = 1.2.3",
    "n_choices = ٣",
]

UNICODE = [
    "source = ‘x’",
    "source = ＇x＇",
    "source = “x”",
    "source ＝ 'x'",
    "source = 'x'；",
    "source = 'x' ＯＲ has_image",
    "ѕource = 'x'",
    "sоurce = 'x'",
    "ｓource = 'x'",
    "SOURCE\u0301 = 'x'",
    "ſource = 'x'",
    "li\u200bcence = 'x'",
    "source\u200b= 'x'",
    "source\u00a0= 'x'",
    "source\u2003= 'x'",
    "source\u2028= 'x'",
    "\ufeffsource = 'x'",
    "\u202esource = 'x'",
    "source = 'x' \u2066OR has_image\u2069",
    "source = 'x'\x00",
    "source = 'x\x00'",
    "source\x00 = 'x'",
    "source = 'x\x1b[2J'",
    "source = 'x'\x0c",
    "source = 'x'\x85",
    "source = '\ud800'",
    "\udcff = 'x'",
    "clusṭer = 'x'",
    "has_ımage",
    "HAS_İMAGE",
    "n＿choices = 1",
    "n_choices = １",
    "source = 'x' ∨ has_image",
    "source ≠ 'x'",
    "n_choices ≤ 3",
    "😀 = 'x'",
]

LARGE = {
    "brackets": "(" * 10_000 + "has_image" + ")" * 10_000,
    "brackets that fit the length": "(" * 4_900 + "has_image",
    "brackets too deep": "(" * (DEEPEST + 1) + "has_image" + ")" * (DEEPEST + 1),
    "closing": ")" * 9_000,
    "nots": "NOT " * 2_000 + "has_image",
    "nots too many": "NOT " * (MOST_NOTS + 1) + "has_image",
    "nots and brackets": "NOT (" * 1_000 + "has_image" + ")" * 1_000,
    "minus": "n_choices = " + "- " * 4_000 + "1",
    "dashes": "n_choices = " + "-" * 4_000 + "1",
    "lists": "[" * 5_000,
    "structs": "{" * 5_000,
    "cases": "CASE WHEN " * 900,
    "functions": "f(" * 3_000,
    "casts": "n_choices" + "::INT" * 1_500,
    "sums": "1+" * 4_000,
    "dots": "a." * 4_000,
    "selects": "(SELECT " * 1_000,
    "a megabyte": "source = '" + "x" * 2**20 + "'",
    "a megabyte of ors": "has_image OR " * 80_000 + "has_image",
    "a megabyte of quotes": "'" * 2**20,
    "quotes": "'" * 9_999,
    "double quotes": '"' * 9_999,
    "dollars": "$" * 9_999,
    "one word": "a" * 10_000,
    "commas": "n_choices IN (" + "," * 5_000 + ")",
    "comments": "/*" * 4_000,
    "many values": "n_choices IN (" + "1," * 1_500 + "1)",
    "many ors": "has_image OR " * 1_100 + "has_image",
    "comparisons": "n_choices" + " = 1" * 900,
    "blanks": " " * 10_000,
    "too long by one": "source = '" + "x" * (MOST_CHARACTERS - 10) + "'",
}

REFUSED = [
    *(form.format(attack) for attack, form in itertools.product(ATTACKS, FORMS)),
    *(
        f"has_image {comment.format(rest)}"
        for comment in COMMENTS
        for rest in ("", "OR TRUE", "; DROP TABLE sample")
    ),
    *(f"{comment.format('x')} has_image" for comment in COMMENTS),
    *OPERATORS,
    *UNICODE,
]


def one_line(error: EvalhubError) -> str:
    said = str(error)
    assert said and said.isprintable() and len(said) < 800, said
    return said


def test_there_are_enough() -> None:
    assert len({*REFUSED}) + len(LARGE) > 1_000


@pytest.mark.parametrize("text", sorted({*REFUSED}, key=ascii), ids=ascii)
def test_refused(text: str) -> None:
    for read in (sample_filter, model_filter):
        with pytest.raises(FilterError) as raised:
            read(text)
        one_line(raised.value)


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in LARGE.items()])
def test_large_is_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FilterError) as raised:
        sample_filter(text)
    one_line(raised.value)
    assert time.perf_counter() - started < 10


def test_the_deepest_and_longest_that_is_allowed_is_read() -> None:
    for text in (
        "(" * DEEPEST + "has_image" + ")" * DEEPEST,
        "(has_image OR " * DEEPEST + "has_image" + ")" * DEEPEST,
        "NOT (has_image AND " * DEEPEST + "has_image" + ")" * DEEPEST,
        " OR ".join(["has_image"] * 700),
        "n_choices IN (" + ",".join(map(str, range(900))) + ")",
        "source = '" + "x" * (MOST_CHARACTERS - 11) + "'",
    ):
        check(sample_filter(text), SAMPLE_COLUMNS)


def test_a_full_stack_is_an_error_of_one_line() -> None:
    """Where the caller has used most of it."""

    def deep(frames: int) -> Filter:
        return deep(frames - 1) if frames else sample_filter("(" * DEEPEST + "has_image" + ")" * DEEPEST)

    sample_filter("has_image")
    frame, used = sys._getframe(), 0
    while frame := frame.f_back:  # type: ignore[assignment]
        used += 1
    with pytest.raises(FilterError, match="too deeply"):
        deep(sys.getrecursionlimit() - used - 150)


@pytest.mark.parametrize("attack", [*ATTACKS, *OPERATORS, *(text for text in UNICODE if text.isprintable())])
def test_in_quotes_it_is_a_text(attack: str) -> None:
    """Which no one reads but the comparison."""
    found = sample_filter(
        "source_id = '" + attack.replace("'", "''") + "' OR tags LIKE '" + attack.replace("'", "''") + "'"
    )
    check(found, SAMPLE_COLUMNS)
    assert [*found.parameters.values()] == [attack, attack]
    assert sample_filter(found.text) == found


WORDS = r"""
source tags n_choices published_at has_image 'x' '2024-01-01' DATE 1 0.5 TRUE AND OR NOT IN LIKE ILIKE BETWEEN IS
NULL ( ) , = <> != < >= ; -- /* */ $1 ? " ' :: . SELECT read_csv [ ] { } \ - ESCAPE ANY COLLATE CASE WHEN END FROM
sample * + || -> ’
"""
PIECES = st.sampled_from([*WORDS.split(), "\x00", "\u200b"])
SAMPLES = table_of(SAMPLE_COLUMNS, [])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(PIECES, max_size=14).map(" ".join),
        st.lists(PIECES, max_size=9).map("".join),
    )
)
def test_any_text_is_refused_or_made_anew(text: str) -> None:
    try:
        found = sample_filter(text)
    except FilterError as error:
        one_line(error)
        return
    check(found, SAMPLE_COLUMNS)
    SAMPLES.execute(f"SELECT count(*) FROM facts WHERE {found.sql}", dict(found.parameters))
    again = sample_filter(found.text)
    assert (again.text, again.sql, again.parameters) == (found.text, found.sql, found.parameters)


def test_models_have_their_own_columns() -> None:
    check(model_filter("open_weights AND parameters < 10e9 AND released > '2025-01-01'"), MODEL_COLUMNS)
    with pytest.raises(FilterError, match="no column tags"):
        model_filter("tags = 'x'")

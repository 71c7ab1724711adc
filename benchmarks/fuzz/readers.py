"""What reads bytes from outside: how it is called with any bytes, and which errors it may tell them by."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzz import binary

Call = Callable[[bytes], object]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """One of them."""

    make: Callable[[Path], tuple[Call, tuple[type[BaseException], ...]]]
    """Given a folder of its own: the call, and the errors that are one line for the user. Imports happen in it."""

    seeds: tuple[bytes, ...]
    """Inputs that it takes."""

    words: tuple[str, ...] = ()
    """That inputs are made of."""

    more: Callable[[], tuple[bytes, ...]] = tuple
    """Further inputs that it takes, made by modules that `make` imports."""


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _importers(name: str) -> Callable[[Path], tuple[Call, tuple[type[BaseException], ...]]]:
    def made(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
        from evalhub.plugins import make, names
        from ingest.importer import LogError, Told

        importers = [make("importer", one) for one in names("importer")]

        def call(content: bytes) -> None:
            path = _file(folder, name, content)
            for importer in importers:
                if (files := importer.claim(path, content[:65536])) is not None:
                    importer.read(files, Told(model="m"))
                    return

        return call, (LogError,)

    return made


def _table(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    from aggregate.columns import MeasurementsError
    from evalhub.errors import EvalhubError
    from evalhub.file_measurements import read_files
    from ingest.importer import LogError

    def call(content: bytes) -> None:
        kind = ".csv" if content[:1] < b"\x80" else ".jsonl"
        read_files([_file(folder, f"table{kind}", content[1:])])

    return call, (MeasurementsError, LogError, EvalhubError)


def _samples(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    from ingest.source import SourceError
    from ingest.sources.jsonl import JsonLines

    return lambda content: list(JsonLines().samples(path=str(_file(folder, "s.jsonl", content)))), (SourceError,)


def _latex(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    del folder
    from ingest.papers.latex.route import read_latex
    from ingest.papers.limits import PaperError

    return lambda content: read_latex({"main.tex": content}), (PaperError,)


def _archive(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    del folder
    from ingest.papers.archive import unpack
    from ingest.papers.limits import Limits, PaperError

    return lambda content: unpack(content, Limits()), (PaperError,)


def _arxiv(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    """Behind what `ingest.arxiv.answers.read_xml` takes for XML."""
    del folder
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    from ingest.arxiv.errors import BadAnswer
    from ingest.arxiv.harvest import _page as records
    from ingest.arxiv.search import _page as papers
    from ingest.source import SourceError

    def call(content: bytes) -> None:
        try:
            root = fromstring(content, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            return
        with suppress(BadAnswer, SourceError):
            papers(root, 0)
        records(root)

    return call, (BadAnswer, SourceError)


def _filter(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    del folder
    from evalhub.filters import FilterError, model_filter, sample_filter

    def call(content: bytes) -> None:
        text = content.decode("utf-8", "replace")
        (model_filter if text.startswith("m") else sample_filter)(text[1:])

    return call, (FilterError,)


def _settings(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    from evalhub.errors import EvalhubError
    from evalhub.live.settings import FILE, read_settings

    def call(content: bytes) -> None:
        _file(folder, FILE, content)
        read_settings(folder)

    return call, (EvalhubError,)


def _backup(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    from evalhub.backup.container import read_backup
    from evalhub.errors import EvalhubError
    from evalhub.telling import quiet

    return lambda content: read_backup(_file(folder, "b.tar", content), None, quiet), (EvalhubError,)


def _answer(folder: Path) -> tuple[Call, tuple[type[BaseException], ...]]:
    """As the client does: what is no JSON object is told before."""
    del folder
    from evalhub.backends.openai_wire import reader

    def call(content: bytes) -> None:
        try:
            fields = json.loads(content[1:])
        except (ValueError, RecursionError):
            return
        if isinstance(fields, dict):
            reader("chat" if content[0] % 2 else "plain")(fields)

    return call, (ValueError,)


_LM_EVAL = {
    "doc_id": 0,
    "doc": {"question": "1+1?"},
    "target": "2",
    "arguments": {"gen_args_0": {"arg_0": "1+1?", "arg_1": {"until": []}}},
    "resps": [["2"]],
    "filtered_resps": ["2"],
    "filter": "none",
    "metrics": ["exact_match"],
    "doc_hash": "a",
    "prompt_hash": "b",
    "target_hash": "c",
    "exact_match": 1.0,
}
_EVAL_PLUS = {
    "date": "2026-01-01",
    "hash": "a",
    "eval": {"HumanEval/0": [{"task_id": "HumanEval/0", "solution": "s", "base_status": "pass"}]},
}
_LIVEBENCH = {"question_id": "q", "task": "t", "category": "c", "model": "m", "score": 1, "tstamp": 1.0}
_INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "t", "model": "m", "dataset": {"name": "d"}, "created": "2026-01-01"},
    "samples": [{"id": 1, "epoch": 1, "input": "q", "target": "a", "scores": {"match": {"value": "C"}}}],
}
_HELM = [
    {"instance_id": "id1", "train_trial_index": 0, "stats": [{"name": {"name": "em"}, "count": 1, "mean": 1.0}]}
]
_ALPACA = [{"instruction": "i", "output_1": "a", "output_2": "b", "generator_1": "m", "generator_2": "n"}]
_TEX = rb"""\documentclass{article}\newcommand{\x}[1]{#1}\title{T}\begin{document}See Table~\ref{t}.
\begin{table}\caption{C \x{d}}\label{t}\begin{tabular}{l|cc}\toprule a & \multicolumn{2}{c}{b} \\\midrule
\multirow{2}{*}{c} & 1.0 & 2\% \\ & 3 & $4\pm1$ \\\bottomrule\end{tabular}\end{table}
\begin{figure}\includegraphics[width=1cm]{f.png}\caption{F}\end{figure}\end{document}"""
_ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom"><o:totalResults>1</o:totalResults><entry>
<id>http://arxiv.org/abs/2601.00001v1</id><title>T</title><summary>S</summary>
<published>2026-01-01T00:00:00Z</published><updated>2026-01-01T00:00:00Z</updated>
<arxiv:primary_category term="cs.CL"/></entry></feed>"""
_OAI = b"""<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>
<identifier>oai:arXiv.org:2601.00001</identifier><datestamp>2026-01-02</datestamp></header><metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><license>http://creativecommons.org/licenses/by/4.0/</license>
<updated>2026-01-01</updated></arXiv></metadata></record><resumptionToken>x</resumptionToken></ListRecords></OAI-PMH>"""


def _json(*contents: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(content).encode() for content in contents)


def _backups() -> tuple[bytes, ...]:
    """A backup of one file, without the empty blocks at its end, which are many."""
    from hashlib import sha256
    from tempfile import TemporaryDirectory

    from evalhub.backup.container import write_file
    from evalhub.backup.manifest import Entry, Manifest
    from evalhub.telling import quiet

    entry = Entry(sha256=sha256(b"rows").hexdigest(), bytes=4)
    manifest = Manifest(evalhub="0", hub_version=1, made_at="", rows={"t": 1}, files={"hub.duckdb": entry})
    with TemporaryDirectory() as place:
        file = _file(Path(place), "hub.duckdb", b"rows")
        write_file(Path(place) / "b.tar", manifest, {"hub.duckdb": file}, quiet)
        whole = (Path(place) / "b.tar").read_bytes().rstrip(b"\0")
    return (whole + bytes(-len(whole) % 512),)


READERS = {
    "logs": Reader(
        make=_importers("log.json"),
        seeds=_json(_EVAL_PLUS, _INSPECT, _HELM, _ALPACA),
        words=("null", "NaN", "1e999", "scores", "value", "stats", "samples", "epoch", "base_status", "eval"),
    ),
    "log-lines": Reader(
        make=_importers("samples_task_2026-01-01T00-00-00.jsonl"),
        seeds=(*_json(_LM_EVAL, _LIVEBENCH), b"\n".join(_json(_LIVEBENCH, _LIVEBENCH))),
        words=("null", "NaN", "1e999", "metrics", "resps", "score", "eval_status", "tstamp"),
    ),
    "tables": Reader(
        make=_table,
        seeds=(
            b"cmodel,sample,value\nm,s,1\nn,s,0.5\n",
            b"cmodel_a,model_b,outcome\na,b,tie\n",
            b'\xff{"model": "m", "sample": "s", "value": 1}\n',
            b"cmodel,sample,value,passes,attempts\nm,s,0.5,1,2\n",
        ),
        words=("model", "sample", "value", "passes", "attempts", "outcome", "cluster", "inf", "nan", "1e400"),
    ),
    "samples": Reader(
        make=_samples,
        seeds=_json(
            {"id": 1, "prompt": "p", "reference": "a", "choices": ["a", "b"], "published_at": "2026-01-01"},
            {"id": "2", "text": "long"},
        ),
        words=("choices", "image", "tags", "cluster", "licence", "reference", "null"),
    ),
    "latex": Reader(
        make=_latex,
        seeds=(_TEX,),
        words=(
            r"\begin",
            r"\end",
            r"\newcommand",
            r"\def",
            r"\input",
            r"\multicolumn",
            r"\caption",
            r"\ref",
            "{",
            "}",
        ),
    ),
    "archives": Reader(make=_archive, seeds=(_TEX, b"PK\x03\x04", b"\x1f\x8b\x08\x00")),
    "arxiv": Reader(
        make=_arxiv,
        seeds=(_ATOM, _OAI),
        words=("<entry>", "</entry>", "<record>", "<error code='x'/>", "<!DOCTYPE"),
    ),
    "filters": Reader(
        make=_filter,
        seeds=(
            b"stags LIKE 'phys%' AND n_choices > 4",
            b"mopen_weights AND parameters < 10e9",
            b"ssource IN ('a')",
        ),
        words=("AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS NULL", "source", "tags", "parameters", "DATE '"),
    ),
    "settings": Reader(
        make=_settings,
        seeds=(b'categories = ["cs.CL"]\npapers = 3\nday = 2\nmodels = ["m"]\n',),
        words=("categories", "papers", "day", "attempts", "contact", "licences", "inf", "nan"),
    ),
    "backups": Reader(make=_backup, seeds=(), more=_backups, words=("files", "rows", "hash", "ustar")),
    "pdf": Reader(
        make=binary.pdf,
        seeds=(b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>",),
        more=binary.pdfs,
        words=(
            "obj",
            "endobj",
            "stream",
            "endstream",
            "/Length",
            "/Kids",
            "/Page",
            "/Font",
            "BT",
            "Tj",
            " re f",
            "xref",
        ),
    ),
    "gguf": Reader(
        make=binary.gguf,
        seeds=(binary.model(),),
        words=("GGUF", "general.architecture", "tokenizer.ggml.tokens", "llama"),
    ),
    "answers": Reader(
        make=_answer,
        seeds=tuple(
            first + content
            for first in (b"0", b"1")
            for content in _json(
                {
                    "choices": [{"text": "a", "message": {"content": "a"}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
                    "model": "m",
                }
            )
        ),
        words=("choices", "message", "content", "usage", "null", "reasoning_content", "index"),
    ),
}

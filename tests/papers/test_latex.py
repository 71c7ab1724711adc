"""Figures and tables of LaTeX sources: numbers, captions, panels, cells and the paragraphs that cite them."""

from __future__ import annotations

import io
import itertools

import pytest
from PIL import Image

from ingest.papers.grid import size
from ingest.papers.latex.bibliography import Bibliography
from ingest.papers.latex.macros import collect, expand
from ingest.papers.latex.route import LatexContent, read_latex
from ingest.papers.latex.sections import section_numbers
from ingest.papers.latex.tabular import read_tabular
from ingest.papers.latex.text import Reader
from ingest.papers.limits import PaperError
from ingest.papers.records import Cell

MAIN = r"""
\documentclass{article}
\usepackage{booktabs}
\newcommand{\ours}{\textsc{OurNet}\xspace}
\newcommand{\acc}[2][Acc.]{#1 (#2)}
\def\data#1{Data-#1}
\newcommand{\half}{\includegraphics[width=.4\textwidth]}
\title{A \ours for \emph{papers}}
\begin{document}
\maketitle
We built \ours. As Figure~\ref{fig:one} shows, it works. % Figure \ref{fig:two} is not mentioned here
\input{sections/results}

\appendix
\renewcommand{\thefigure}{\Alph{section}\arabic{figure}}
\setcounter{figure}{0}
\section{More}
\begin{figure}\centering\includegraphics{pics/red}\caption{In the appendix.}\label{fig:app}\end{figure}
\end{document}
"""

RESULTS = r"""
\begin{figure}[t]
  \centering
  \includegraphics[width=\columnwidth]{pics/red.png}
  \caption[Short]{Overview of \ours, 10\% \cite{smith}. See \ref{tab:main}.}
  \label{fig:one}
\end{figure}

\begin{comment}
\begin{figure}\includegraphics{no}\caption{Not there.}\end{figure}
\end{comment}

\begin{figure*}
  \begin{subfigure}[b]{.4\textwidth}\half{pics/red}\caption{Left}\label{fig:two-a}\end{subfigure}
  \begin{subfigure}[b]{.4\textwidth}\half{pics/blue}\caption{Right}\label{fig:two-b}\end{subfigure}
  \caption{Two panels.}\label{fig:two}
\end{figure*}

The right half (Fig.~\ref{fig:two-b}) is blue.

\begin{table}[h]
\caption{Results in seconds (s) on \data{X}.}
\label{tab:main}
\begin{tabular}{@{}l*{4}{c}@{}}
\toprule
\multirow{2}{*}{Model} & \multicolumn{2}{c}{\acc{\%}} & Time (ms) \\
\cmidrule(lr){2-3}
 & Dev & Test & \acc[F1]{x100} \\
\midrule
Base\footnote{Not ours.} & 71.2 & 70.9$^\dagger$ & 1{,}200 \\
\rowcolor{gray!20}\textbf{\ours} & \textbf{83.5} & $82.1_{\pm 0.3}$ & --- \\ \hline
\multicolumn{4}{l}{\makecell[l]{All at \\ once}} \\
Both & 85 \& 86 & & 7 \\
\bottomrule
\end{tabular}
\end{table}

\Cref{tab:main,fig:one} say it all.

\begin{table}
\begin{tabular}{ll} a & 1 \\ b & 2 \end{tabular}
\end{table}
"""


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def paper() -> LatexContent:
    return read_latex(
        {
            "main.tex": MAIN.encode(),
            "sections/results.tex": RESULTS.encode(),
            "main.bbl": rb"\bibitem[{Smith et~al.(2020)Smith, Lee}]{smith} S.",
            "pics/red.png": png("red"),
            "pics/blue.png": png("blue"),
        }
    )


def test_numbers_are_as_printed_in_the_appendix_too(paper: LatexContent) -> None:
    assert [figure.number for figure in paper.figures] == ["1", "2", "A1"]
    assert [table.number for table in paper.tables] == ["1", ""]
    assert paper.title == "A OurNet for papers"


def test_captions_are_read_with_macros_citations_and_references(paper: LatexContent) -> None:
    assert paper.figures[0].caption == "Overview of OurNet, 10% Smith et al. (2020). See 1."
    assert paper.tables[0].caption == "Results in seconds (s) on Data-X."


def test_panels_have_letters_and_captions(paper: LatexContent) -> None:
    two = paper.figures[1]
    assert [(panel.letter, panel.caption) for panel in two.panels] == [("a", "Left"), ("b", "Right")]
    assert two.label == "fig:two"
    assert paper.figures[0].panels == ()


def test_paragraphs_that_cite_are_found_by_label(paper: LatexContent) -> None:
    assert paper.figures[0].citing == (
        "We built OurNet. As Figure 1 shows, it works.",
        "Table 1 and Figure 1 say it all.",
    )
    assert paper.figures[1].citing == ("The right half (Fig. 2b) is blue.",)
    assert paper.tables[0].citing == ("Table 1 and Figure 1 say it all.",)


def test_pictures_are_read_and_panels_put_together(paper: LatexContent) -> None:
    one = Image.open(io.BytesIO(paper.illustrated(paper.figures[0]).image))
    assert (one.size, one.getpixel((5, 5))) == ((60, 40), (255, 0, 0))
    two = Image.open(io.BytesIO(paper.illustrated(paper.figures[1]).image))
    assert two.width > 2 * two.height * 0.9
    colours = {colour for _, colour in two.getcolors(1 << 20)}
    assert {(255, 0, 0), (0, 0, 255)} <= colours


def test_a_table_has_its_cells_spans_headers_and_units(paper: LatexContent) -> None:
    table = paper.tables[0]
    assert size(table.cells) == (6, 4)
    rows = [[cell.text for cell in table.cells if cell.row == row] for row in range(6)]
    assert rows == [
        ["Model", "Acc. (%)", "Time (ms)"],
        ["Dev", "Test", "F1 (x100)"],
        ["Base", "71.2", "70.9†", "1,200"],
        ["OurNet", "83.5", "82.1± 0.3", "—"],
        ["All at once"],
        ["Both", "85 & 86", "", "7"],
    ]
    spans = {cell.text: (cell.rows, cell.columns) for cell in table.cells if cell.rows * cell.columns > 1}
    assert spans == {"Model": (2, 1), "Acc. (%)": (1, 2), "All at once": (1, 4)}
    assert (table.header_rows, table.header_columns) == (2, 1)
    assert table.units == ("", "%", "%", "ms")


def tabular(body: str, name: str = "tabular") -> list[list[str]]:
    cells = read_tabular(name, body, Reader(Bibliography())).cells
    return [[cell.text for cell in cells if cell.row == row] for row in range(size(cells)[0])]


@pytest.mark.parametrize(
    ("name", "body", "rows"),
    [
        ("tabular*", r"{\textwidth}{lr} a & b \\ c & d", [["a", "b"], ["c", "d"]]),
        (
            "tabularx",
            r"{.9\linewidth}{|X|r|} \hline a & b \\[2mm] \hline c & d \\ \hline",
            [["a", "b"], ["c", "d"]],
        ),
        ("tabular", r"[t]{ll} \begin{tabular}{@{}c@{}}a\\b\end{tabular} & {c & d} \\", [["a b", "c d"]]),
        (
            "tabular",
            r"{ll} a & b \tabularnewline[1ex] c & \% [x] \\ [y] & d",
            [["a", "b"], ["c", "% [x]"], ["[y]", "d"]],
        ),
        ("tabular", r"{lll} a & b \\ c", [["a", "b"], ["c", ""]]),
        ("tabular", r"{ll} \hline \\[-2mm] a & b \\ \hline \\[-2mm] c & d \\", [["a", "b"], ["c", "d"]]),
        ("tabular", r"{ll} \cmidrule[1pt](lr){1-2} a & \cellcolor[HTML]{FFF}\textcolor{red}{b}", [["a", "b"]]),
        ("tabular", r"{ll} a & x \\ & y \\ \multirow{-2}{*}{up} & z", [["a", "x"], ["up", "y"], ["z"]]),
        ("tabular", r"{ll} \multicolumn{9999999999}{c}{a} \\ b & c", [["a"], ["b", "c"]]),
        ("tabular", "", []),
    ],
)
def test_tabulars_as_authors_write_them(name: str, body: str, rows: list[list[str]]) -> None:
    assert tabular(body, name) == rows


def test_a_cell_that_reaches_up_starts_in_the_first_of_its_rows() -> None:
    cells = read_tabular("tabular", r"{ll} a & x \\ & y \\ \multirow{-2}{*}{up} & z", Reader(Bibliography())).cells
    assert Cell(text="up", row=1, column=0, rows=2) in cells


def test_a_long_table_has_its_head_once() -> None:
    source = rb"""\documentclass{article}\begin{document}
    \begin{longtable}{ll}\caption{Long.}\label{t}\\ \toprule A & B \\ \midrule \endfirsthead
    A & B (continued) \\ \midrule \endhead \multicolumn{2}{r}{next page} \\ \endfoot \bottomrule \endlastfoot
    1 & 2.5 \\ 3 & 4.5 \\ \end{longtable}\end{document}"""
    (table,) = read_latex({"a.tex": source}).tables
    assert (table.number, table.caption) == ("1", "Long.")
    assert [cell.text for cell in table.cells] == ["A", "B", "1", "2.5", "3", "4.5"]


def test_two_captions_in_one_float_have_each_their_own() -> None:
    source = rb"""\documentclass{article}\begin{document}\begin{table}
    \begin{minipage}{.5\textwidth}\begin{tabular}{ll}a & 1\\b & 2\end{tabular}\caption{One}\label{x}\end{minipage}
    \begin{minipage}{.5\textwidth}\begin{tabular}{ll}c & 3\\d & 4\end{tabular}\captionof{figure}{Two}\end{minipage}
    \end{table}\end{document}"""
    read = read_latex({"a.tex": source})
    assert [(t.number, t.caption, t.cells[0].text) for t in read.tables] == [("1", "One", "a")]
    assert [(f.number, f.caption) for f in read.figures] == [("1", "Two")]


def test_counters_follow_sections_where_the_paper_says_so() -> None:
    source = rb"""\documentclass{article}\numberwithin{table}{section}\begin{document}
    \section{A}\begin{table}\caption{x}\begin{tabular}{l}a\end{tabular}\end{table}
    \section*{no}\section{B}\begin{table}\caption{y}\begin{tabular}{l}a\end{tabular}\end{table}
    \begin{table}\caption*{unnumbered}\end{table}
    \end{document}"""
    assert [table.number for table in read_latex({"a.tex": source}).tables] == ["1.1", "2.1"]


def test_references_to_sections_show_their_numbers() -> None:
    running = r"""\section{Data}\label{sec:data} \subsection*{Aside} \subsection{Tables}\label{sec:tables}
    \begin{equation}x\label{eq:x}\end{equation} \section{Model} \label{sec:model}
    \appendix \section{Terms}\label{app:terms} \subsection{Old}\label{app:old}"""
    assert section_numbers("", running) == {
        "sec:data": "1",
        "sec:tables": "1.1",
        "sec:model": "2",
        "app:terms": "A",
        "app:old": "A.1",
    }
    assert not section_numbers(r"\documentclass{IEEEtran}", running), "those are Roman"
    reader = Reader(Bibliography({}), {"app:terms": "A"})
    assert reader.text(r"See Appendix \ref{app:terms} and \ref{eq:x}.") == "See Appendix A and ??."


def test_macros_that_never_end_do_not_either() -> None:
    names = ["\\" + letter for letter in "abcdefghijklmnopqrst"]
    bomb = "".join(rf"\newcommand{{{name}}}{{{after * 10}}}" for name, after in itertools.pairwise(names))
    assert len(expand(r"\a", collect(bomb))) < 5_000_000
    assert expand(r"\x", collect(r"\def\x{\y}\def\y{\x}")).startswith("\\")


def test_inputs_that_never_end_are_refused() -> None:
    main = rb"\documentclass{article}\begin{document}\input{b}\end{document}"
    with pytest.raises(PaperError, match="without end"):
        read_latex({"a.tex": main, "b.tex": rb"x \input{b} \input{b}"})


def test_the_main_file_is_found_and_its_lack_said() -> None:
    supplement = rb"\documentclass{article}\begin{document} short \end{document}"
    main = rb"\documentclass{article}\title{Main}\begin{document} A longer text. \end{document}"
    assert read_latex({"sup.tex": supplement, "x/paper.tex": main}).title == "Main"
    readme = b'{"sources": [{"filename": "sup.tex", "usage": "toplevel"}]}'
    assert read_latex({"sup.tex": supplement, "paper.tex": main, "00README.json": readme}).title == ""
    with pytest.raises(PaperError, match="documentclass"):
        read_latex({"a.tex": rb"\section{x}"})


def test_a_picture_that_cannot_be_shown_is_a_warning() -> None:
    source = rb"""\documentclass{article}\begin{document}
    \begin{figure}\includegraphics{gone}\caption{a}\end{figure}
    \begin{figure}\includegraphics{old}\caption{b}\end{figure}
    \begin{figure}\begin{tikzpicture}\draw (0,0);\end{tikzpicture}\caption{c}\end{figure}
    \begin{figure}\includegraphics{bad}\caption{d}\end{figure}
    \end{document}"""
    read = read_latex({"a.tex": source, "old.eps": b"%!PS", "bad.png": b"\x89PNG\r\n\x1a\n broken"})
    assert all(read.illustrated(figure).image == b"" for figure in read.figures)
    assert [warning.split(": ", 1)[0] for warning in read.warnings] == [f"Figure {n}" for n in "1234"]
    assert "PostScript" in read.warnings[1]

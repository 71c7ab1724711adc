"""Archives are hostile: what no source needs is refused in one line, and nothing of it reaches the disk."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from ingest.papers.archive import read_bounded, read_folder, unpack
from ingest.papers.limits import Limits, PaperError

TEX = rb"\documentclass{article}\begin{document}Hi\end{document}"
SMALL = Limits(unpacked_bytes=4 << 20, member_bytes=2 << 20, members=20, free_bytes=1 << 20, ratio=10)


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    """A tar of members as they are given."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(names: dict[str, bytes], mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    """Without the time: tests are named by what they are given, and every worker has to give them one name."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        tar((member("main.tex"), TEX)),
        gzipped(tar((member("./main.tex"), TEX))),
        gzipped(TEX),
        zipped({"main.tex": TEX}),
        TEX,
    ],
    ids=["tar", "tar.gz", "gz", "zip", "tex"],
)
def test_a_source_comes_in_many_wrappings(content: bytes) -> None:
    assert unpack(content, SMALL) == {"main.tex": TEX}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (tar((member("../evil.tex"), TEX)), "leads out"),
        (tar((member("/etc/passwd"), TEX)), "leads out"),
        (tar((member("a/../../b"), TEX)), "leads out"),
        (zipped({"..\\evil.tex": TEX}), "leads out"),
        (zipped({"C:\\evil.tex": TEX}), "leads out"),
        (tar((member("main.tex", tarfile.SYMTYPE, "/etc/passwd"), b"")), "link or a device"),
        (tar((member("main.tex", tarfile.LNKTYPE, "../../x"), b"")), "link or a device"),
        (tar((member("null", tarfile.CHRTYPE), b"")), "link or a device"),
        (tar((member("pipe", tarfile.FIFOTYPE), b"")), "link or a device"),
        (zipped({"main.tex": b"/etc/passwd"}, mode=0o120777), "link or a device"),
        (tar(*((member(f"{n}.tex"), b"x") for n in range(30))), "more than 20 files"),
        (tar((member("big.tex"), bytes(3 << 20))), "larger than 2 MiB"),
        (tar(*((member(f"{n}"), bytes(1 << 20)) for n in range(5))), "unpacks to more than 4 MiB"),
        (gzipped(bytes(64 << 20)), "unpacks to more than 1 MiB"),
        (zipped({"main.tex": bytes(64 << 20)}), "unpacks to more than 1 MiB"),
        (gzipped(TEX)[:-4], "damaged"),
        (zipped({"main.tex": TEX})[:-30], "damaged"),
        (tar((member("main.tex"), TEX * 100))[:1500], "cut off|damaged"),
        (tar(), "neither"),
        (b"\0" * 2000, "neither"),
        (b"just words", "neither"),
        (gzipped(gzipped(TEX)), "neither"),
    ],
)
def test_what_no_source_needs_is_refused_in_one_line(content: bytes, why: str) -> None:
    with pytest.raises(PaperError, match=why) as refused:
        unpack(content, SMALL)
    assert "\n" not in str(refused.value)


def test_a_zip_that_lies_about_its_sizes_is_stopped_while_it_unpacks() -> None:
    content = bytearray(zipped({"main.tex": bytes(8 << 20)}))
    true = (8 << 20).to_bytes(4, "little")
    while (at := content.find(true)) >= 0:
        content[at : at + 4] = (100).to_bytes(4, "little")
    with pytest.raises(PaperError):
        unpack(bytes(content), SMALL)


def test_an_encrypted_zip_says_so() -> None:
    content = bytearray(zipped({"main.tex": TEX}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = content.find(mark) + (6 if mark.endswith(b"\x04") else 8)
        content[at] |= 1
    with pytest.raises(PaperError, match="encrypted"):
        unpack(bytes(content), SMALL)


def test_a_folder_with_links_or_pipes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tex").write_bytes(TEX)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "part.tex").write_bytes(b"x")
    assert read_folder(tmp_path, SMALL) == {"main.tex": TEX, "sub/part.tex": b"x"}
    (tmp_path / "link.tex").symlink_to("/etc/passwd")
    with pytest.raises(PaperError, match="is a link"):
        read_folder(tmp_path, SMALL)
    (tmp_path / "link.tex").unlink()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PaperError, match="neither a file nor a folder"):
        read_folder(tmp_path, SMALL)


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    for path, why in (
        (tmp_path / "pipe.pdf", "ordinary"),
        (Path("/dev/zero"), "ordinary"),
        (tmp_path / "no", "read"),
    ):
        with pytest.raises(PaperError, match=why):
            read_bounded(path, SMALL)
    (tmp_path / "empty").touch()
    with pytest.raises(PaperError, match="empty"):
        read_bounded(tmp_path / "empty", SMALL)

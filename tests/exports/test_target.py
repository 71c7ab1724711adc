"""Where exports go."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.errors import EvalhubError
from evalhub.exports.target import MARK, check_folder, fresh_file, fresh_folder


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    for name in ("file", "folder"):
        (tmp_path / name).symlink_to(tmp_path / "disk" / name)
    for text in ("old", "new"):
        with fresh_file(tmp_path / "file") as file, fresh_folder(tmp_path / "folder") as folder:
            file.write_text(text)
            (folder / "it").write_text(text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk", "file", "folder"]
    assert (tmp_path / "file").is_symlink() and (tmp_path / "folder").is_symlink()
    assert (tmp_path / "disk" / "file").read_text() == (tmp_path / "disk" / "folder" / "it").read_text() == "new"
    assert sorted(path.name for path in (tmp_path / "disk").iterdir()) == ["file", "folder"]


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").symlink_to("file")
    with pytest.raises(EvalhubError, match="leads to itself"), fresh_file(tmp_path / "file"):
        pass


def test_what_a_user_put_beside_an_export_stays(tmp_path: Path) -> None:
    """Folders without a file, links and rights, too; the export's own files of before go."""
    out = tmp_path / "site"
    with fresh_folder(out) as folder:
        (folder / "data").mkdir()
        for name in ("index.html", "old.html", "data/old.csv"):
            (folder / name).write_text("written")
    (out / ".git/refs/tags").mkdir(parents=True)
    (out / ".git/HEAD").write_text("ref: refs/heads/main")
    (out / ".git").chmod(0o700)
    (out / "data/mine.csv").write_text("mine")
    (out / "CNAME").write_text("board.example")
    (out / "latest").symlink_to("nowhere")
    for text in ("second", "third"):
        with fresh_folder(out) as folder:
            (folder / "index.html").write_text(text)
        names = {path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir()}
        assert names == {MARK, "index.html", ".git/HEAD", "data/mine.csv", "CNAME", "latest"}
        assert (out / "index.html").read_text() == text and (out / "CNAME").read_text() == "board.example"
    assert (out / ".git/refs/tags").is_dir() and (out / ".git").stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == [out]


def test_nothing_of_a_users_is_overwritten(tmp_path: Path) -> None:
    """Where an export comes to write what a user has put there, all stays as it was."""
    out = tmp_path / "site"
    with fresh_folder(out):
        pass
    (out / "live.html").write_text("mine")
    with pytest.raises(EvalhubError, match=r"live\.html is not from evalhub"), fresh_folder(out) as folder:
        (folder / "live.html").write_text("written")
    assert (out / "live.html").read_text() == "mine" and list(tmp_path.iterdir()) == [out]


def test_a_file_in_the_place_of_a_users_folder_is_told(tmp_path: Path) -> None:
    out = tmp_path / "site"
    with fresh_folder(out) as folder:
        (folder / "p").mkdir()
        (folder / "p" / "written").touch()
    (out / "p" / "mine").touch()
    with pytest.raises(EvalhubError, match=r"p is not from evalhub"), fresh_folder(out) as folder:
        (folder / "p").touch()
    assert (out / "p" / "mine").exists() and list(tmp_path.iterdir()) == [out]


def test_a_folder_without_a_list_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "site"
    with fresh_folder(out):
        pass
    (out / MARK).write_text("")  # as an older evalhub left it
    with pytest.raises(EvalhubError, match="move what is yours"):
        check_folder(out, force=True)
    with pytest.raises(EvalhubError, match="move what is yours"), fresh_folder(out):
        pass

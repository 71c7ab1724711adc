"""Where exports go."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.errors import EvalhubError
from evalhub.exports.target import fresh_file, fresh_folder


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

"""Folders that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalhub.paths import replace_folder


def test_a_failed_call_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "words"
    with replace_folder(target) as fresh:
        (fresh / "one").touch()
    with pytest.raises(RuntimeError), replace_folder(target) as fresh:
        (fresh / "two").touch()
        raise RuntimeError
    assert [path.name for path in target.iterdir()] == ["one"] and list(tmp_path.iterdir()) == [target]


def test_a_stray_link_in_the_place_of_the_old_folder_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".words.old").symlink_to("elsewhere")
    for _ in range(2):
        with replace_folder(tmp_path / "words") as fresh:
            (fresh / "new").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "words"]
    assert (tmp_path / "words" / "new").exists()


def test_what_a_killed_call_left_is_cleared(tmp_path: Path) -> None:
    """Killed while it filled, and between its two renames: then the old folder is the one that is whole."""
    for left in (".words.tmp", ".words.old"):
        (tmp_path / left).mkdir()
        (tmp_path / left / left.rpartition(".")[2]).touch()
    with pytest.raises(RuntimeError), replace_folder(tmp_path / "words"):
        raise RuntimeError
    assert [path.name for path in (tmp_path / "words").iterdir()] == ["old"]
    with replace_folder(tmp_path / "words") as fresh:
        (fresh / "new").touch()
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["words", "words/new"]


def test_an_empty_folder_made_after_a_kill_does_not_take_the_old_ones_place(tmp_path: Path) -> None:
    (tmp_path / ".words.old").mkdir()
    (tmp_path / ".words.old" / "mine").touch()
    (tmp_path / "words").mkdir()
    with pytest.raises(RuntimeError), replace_folder(tmp_path / "words"):
        raise RuntimeError
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["words", "words/mine"]

"""The commands sync and backup."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from articles import ROOT
from folders import four_files, write


@pytest.fixture
def folder(tmp_path):
    return four_files(tmp_path / "docs")


def test_the_command_says_what_it_did(pincite, folder, tmp_path):
    library = tmp_path / "library"
    write(folder / "empty.txt", "")
    assert pincite("sync", folder, "--library", library, "--dry-run").exit_code == 3, "there is no library yet"
    assert not library.exists()
    result = pincite("sync", folder, "--library", library)
    assert result.exit_code == 1
    assert "4 added, 0 unchanged, 0 replaced, 0 moved, 0 removed, 1 failed" in result.stdout
    assert f"failed: {folder}/empty.txt: is empty" in result.stdout
    (folder / "empty.txt").unlink()
    (folder / "a.txt").rename(folder / "z.txt")
    planned = pincite("sync", folder, "--library", library, "--dry-run", "--json", "--ignore", "*.md")
    assert json.loads(planned.stdout)["moved"] == [[str(folder / "a.txt"), str(folder / "z.txt")]]
    result = pincite("sync", folder, "--library", library, "--ignore", "*.md")
    assert result.exit_code == 0
    lines = {f"moved: {folder}/a.txt -> {folder}/z.txt", f"removed: {folder}/b.md", f"removed: {folder}/empty.txt"}
    assert lines <= set(result.stdout.splitlines())


def test_the_command_asks_before_it_wipes(pincite, folder, tmp_path):
    pincite("sync", folder, "--library", tmp_path / "library")
    shutil.rmtree(folder)
    folder.mkdir()
    result = pincite("sync", folder, "--library", tmp_path / "library")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "say so with --yes" in result.stderr
    assert pincite("sync", folder, "--library", tmp_path / "library", "--yes").exit_code == 0


def test_the_command_wants_a_library_of_its_own(pincite, folder, tmp_path):
    for arguments in (["sync", folder], ["backup", tmp_path / "copy"]):
        result = pincite(*arguments)
        assert result.exit_code == 2
        assert f"for example: pincite {arguments[0]} --library" in " ".join(result.stderr.split())
    assert pincite("sync", folder, "--library", tmp_path / "library", "--watch", "--dry-run").exit_code == 2


@pytest.mark.slow
def test_the_command_watches_until_it_is_interrupted(folder, tmp_path):
    command = [sys.executable, "-m", "ui.cli", "sync", folder, "--library", tmp_path / "library", "--watch"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        assert " 4 added, " in started.stdout.readline()
        (folder / "a.txt").unlink()
        assert ", 1 removed, " in started.stdout.readline()
        assert started.stdout.readline() == f"removed: {folder}/a.txt\n"
        started.send_signal(signal.SIGINT)
        assert started.communicate(timeout=20) == ("", "")
    assert started.returncode == 0


def test_the_backup_command(pincite, tmp_path, ready):
    result = pincite("backup", "--library", ready / "library", tmp_path / "copy")
    assert (result.exit_code, result.stdout) == (0, f"2 documents copied to {tmp_path}/copy\n")
    assert pincite("ask", "--library", tmp_path / "copy", "Who opened the bridge at Harwick?").exit_code == 0
    assert pincite("backup", "--library", ready / "library", tmp_path / "copy").exit_code == 3

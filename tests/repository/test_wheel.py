"""The wheel holds the files that git tracks in the rooms, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.repository.tree import IMPORTS, ROOT, is_clone, place, project, tracked_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    done = subprocess.run(
        [*command, "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(next(Path(folder).glob("*.whl")))


def _shipped(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


@pytest.mark.skipif(not is_clone(), reason="needs git and a clone")
def test_the_wheel_holds_exactly_the_tracked_files_of_the_rooms(wheel: zipfile.ZipFile) -> None:
    tracked = {place(path) for path in tracked_files()}
    expected = {name for name in tracked if name.split("/")[0] in IMPORTS and "/" in name}
    assert _shipped(wheel) == expected, "track a new file with git, or have git ignore it"


def test_the_wheel_brings_its_licence_and_its_command(wheel: zipfile.ZipFile) -> None:
    about = f"merilo-{project()['project']['version']}.dist-info"
    assert "The Merilo authors" in wheel.read(f"{about}/licenses/LICENSE").decode()
    assert "merilo = merilo.launch:main" in wheel.read(f"{about}/entry_points.txt").decode()

"""``shouwang store role`` prints what an administrator can give to the cluster as it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shouwang.cli.main import main
from shouwang.cli.store_role import WHO
from shouwang.eventstore.elastic.role import ROLES
from shouwang.eventstore.elastic.template import Names


@pytest.mark.parametrize("whom", WHO)
def test_it_prints_the_role_alone(capsys: pytest.CaptureFixture[str], whom: str) -> None:
    assert main(["store", "role", "--for", whom, "--prefix", "site7"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == ROLES[whom](Names("site7"))
    assert "site7-events*" in printed.out
    assert printed.err == ""


def test_every_role_can_be_printed() -> None:
    assert set(WHO) == set(ROLES)


def test_the_command_line_loads_no_client_of_the_cluster() -> None:
    code = "import sys, shouwang.cli.main as m; m.main(['store', 'role']); sys.exit('elasticsearch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, check=False)
    assert done.returncode == 0

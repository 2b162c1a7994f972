"""The installed command, started as a user starts it."""

import pytest
from shells import InnerShell, Shell


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture
def look(shell):
    """The same shell, but within this process: for what is only asked to see what another process has done."""
    return InnerShell(shell.folder, shell.environment)

"""Commands as a user types them, run within the process of the tests."""

import pytest
from shells import InnerShell


@pytest.fixture
def shell(tmp_path):
    return InnerShell(tmp_path)

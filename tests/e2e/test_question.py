"""What is asked on a terminal before anything is destroyed."""

import os
import pty
import re
import subprocess

import pytest


@pytest.mark.parametrize(("answer", "exit_code"), [("y", 0), ("n", 4)])
def test_the_question_stands_alone_on_the_terminal_and_waits_for_its_answer(shell, answer, exit_code):
    (shell.folder / "boms.csv").write_text("sku,boms\nA-1,<empty>\n")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [shell.program, "import", "luminous.products", "boms.csv", "--sandbox"],
        cwd=shell.folder,
        env=shell.environment | {"TERM": "xterm"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while b"[y/N] " not in said:
        said += os.read(ours, 4096)
    os.write(ours, f"{answer}\n".encode())
    process.communicate(timeout=100)
    os.close(ours)
    assert process.returncode == exit_code
    last = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", said).decode().splitlines()[-2:]
    assert last == ["1 row: detaches every bill of materials", "Go on? [y/N] "]

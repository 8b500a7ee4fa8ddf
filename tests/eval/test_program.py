"""One program: every command is there, and none waits for what another imports."""

import pytest
from eval_program import run

from eval.__main__ import COMMANDS

HEAVY = "scipy sklearn faiss matplotlib onnxruntime torch gradio pymilvus ray httpx".split()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command):
    code, said = run(command, "--help")
    assert (code, said.split()[:3]) == (0, ["Usage:", "root", command])
    assert len(said.split("\n\n")[1]) > 30


def test_the_program_lists_its_commands():
    code, said = run("--help")
    assert code == 0
    assert [line.split()[0] for line in said.split("Commands:\n")[1].splitlines() if line[2:3] != " "] == list(COMMANDS)


def test_an_unknown_command_is_refused():
    code, said = run("benchmarks")
    assert (code, "No such command 'benchmarks'" in said) == (2, True)


@pytest.mark.slow
def test_starting_loads_nothing_heavy(python):
    code = f"import sys, eval.__main__; print([name for name in {HEAVY} if name in sys.modules])"
    said, error = python(code).communicate()
    assert (said, error) == ("[]\n", "")

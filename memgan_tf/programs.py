"""Python in processes of its own: modules of the working directory stay out, orphans end."""

import sys

# The first entry of the path is the working directory, for -c as for -m: a user's json.py there,
# or one of a stranger's archive, would be imported in place of Python's own.
ISOLATED = "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]\n"
MODULE = """import runpy
sys.argv[:2] = [{name!r}]
runpy.run_module({module!r}, run_name="__main__", alter_sys=False)
"""
# Standard input is a pipe of the parent's; it ends when the parent does, however that ends.
ORPHAN = """import os, signal, threading
def watch():
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
"""


def python_command(code: str) -> list[str]:
    """The command that runs code, which may import what is installed, not what lies here."""
    return [sys.executable, "-c", ISOLATED + code]


def module_command(module: str, *arguments: str, name: str = "", orphan: str = "") -> list[str]:
    """The command that runs a module, as `python -m` would.

    Args:
        module: Its name.
        arguments: Of its command line.
        name: What it finds as its own name; the module's if empty.
        orphan: Code that runs first: `ORPHAN`, if it shall not outlive the caller, whose pipe its
            standard input must be then.
    """
    code = orphan + MODULE.format(name=name or module, module=module)
    return [*python_command(code), "", *arguments]

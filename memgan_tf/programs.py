"""Commands for separate Python processes, which ignore modules of the working directory."""

import os
import signal
import sys
import threading

# With -c and -m, the first entry of the path is the working directory. A json.py there, of the user
# or from an untrusted archive, would be imported instead of Python's own.
ISOLATED = "import sys; sys.path[:] = [p for p in sys.path if p not in ('', '.')]\n"
MODULE = """import runpy
sys.argv[:2] = [{name!r}]
runpy.run_module({module!r}, run_name="__main__", alter_sys=False)
"""
# See `end_with_parent`.
ORPHAN = """from memgan_tf.programs import end_with_parent
end_with_parent()
"""


def end_with_parent() -> None:
    """Kills this process when the parent ends, however that ends.

    Standard input must be a pipe whose other end the parent holds and never writes to.
    """

    def watch():
        os.read(0, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def python_command(code: str) -> list[str]:
    """The command that runs code, which can import only installed modules."""
    return [sys.executable, "-c", ISOLATED + code]


def module_command(module: str, *arguments: str, name: str = "", orphan: str = "") -> list[str]:
    """The command that runs a module, like `python -m`.

    Args:
        module: Name of the module.
        arguments: Arguments of its command line.
        name: Its own program name; the module's name if empty.
        orphan: Code that runs first. `ORPHAN` ends the process together with the caller; standard
            input must then be a pipe from the caller.
    """
    code = orphan + MODULE.format(name=name or module, module=module)
    return [*python_command(code), "", *arguments]

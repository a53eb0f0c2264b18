"""What every binary shares: its flags, its help, one line for a user's mistake."""

import contextlib
import importlib
import logging
import os
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence

from absl import app, flags

# Mistakes of a user and failures that a message explains; anything else is a bug.
EXPECTED = (ValueError, RuntimeError, OSError, FloatingPointError, ImportError)


class Command:
    """A verb.

    Args:
        name: `memgan <name>`.
        description: First line for the list of verbs, the rest for its own help.
        define_flags: Defines its flags in a `flags.FlagValues`.
        run: Does the work, given the parsed flags.
        required: Flags that must be given.
    """

    def __init__(
        self,
        name: str,
        description: str,
        define_flags: Callable[[flags.FlagValues], None],
        run: Callable[[flags.FlagValues], None],
        required: Sequence[str] = (),
    ):
        self.name, self.description, self._run = name, description.strip(), run
        self._required = required
        self.flags = flags.FlagValues()
        define_flags(self.flags)
        flags.DEFINE_bool(
            "debug", False, "Show a traceback instead of one line.", flag_values=self.flags
        )

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Parses and runs; `arguments` without the program's name. Returns the exit code."""
        arguments = sys.argv[1:] if arguments is None else list(arguments)
        if {"--help", "-help", "-h", "--helpshort", "--helpfull"} & set(arguments):
            print(self.help())
            return 0
        self.flags.unparse_flags()
        try:
            rest = self.flags([self.name, *arguments])[1:]
            if rest:
                raise flags.Error(f"takes flags only, --name=value. Received: {rest[0]}")
            for flag in self._required:
                if self.flags[flag].value is None:
                    raise flags.Error(f"`{flag}` must be given, --{flag}=…")
            self._run(self.flags)
            return 0
        except flags.Error as error:
            return self._fail(f"{error}. See memgan {self.name} --help")
        except KeyboardInterrupt as error:
            print(f"memgan {self.name}: {str(error) or 'interrupted'}", file=sys.stderr)
            return 130
        except EXPECTED as error:
            if self.flags.is_parsed() and self.flags.debug:
                raise
            return self._fail(str(error) or type(error).__name__)

    def help(self) -> str:
        """The description and every flag with its default."""
        return f"{self.description}\n\nFlags:\n{self.flags.get_help(include_special_flags=True)}"

    def _fail(self, message):
        line = " ".join(message.split())
        # A name in it may have been chosen by a stranger: nothing moves the terminal's cursor.
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        print(f"memgan {self.name}: error: {line}", file=sys.stderr)
        return 1


def program(name: str = "memgan") -> str:
    """How to call a program of this environment: by its name, or by its path if need be."""
    path = pathlib.Path(sys.executable).with_name(name)
    if shutil.which(name) or not path.exists():
        return name
    with contextlib.suppress(ValueError):
        return str(path.relative_to(pathlib.Path.cwd()))
    return str(path)


def import_tensorflow() -> None:
    """Imports TensorFlow without the lines that it prints on a machine without a GPU.

    Call it when the flags have been checked: the import takes seconds.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Its first lines come before any log level applies, straight from C++.
    with tempfile.TemporaryFile() as sink, _standard_error_to(sink):
        importlib.import_module("tensorflow")


@contextlib.contextmanager
def _standard_error_to(sink):
    """Sends file descriptor 2 to a file; shows what came if the block fails."""
    sys.stderr.flush()
    saved = os.dup(2)
    os.dup2(sink.fileno(), 2)
    try:
        yield
    except BaseException:
        os.dup2(saved, 2)
        sink.seek(0)
        sys.stderr.write(sink.read().decode(errors="replace"))
        raise
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def run_as_script(command: Command) -> None:
    """The end of `python tools/<verb>.py`."""
    app.run(lambda _: command.main(), argv=sys.argv[:1])

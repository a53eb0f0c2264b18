"""Shared parts of all verbs: flags, help, and one line for a user's mistake."""

import contextlib
import difflib
import errno
import importlib
import logging
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence

from absl import app, flags

from memgan_tf.files import first_line
from memgan_tf.text import printable
from memgan_tf.tools import streams
from memgan_tf.tools.help_text import list_flags

# Mistakes of a user and failures that a message explains; anything else is a bug.
EXPECTED = (ValueError, RuntimeError, OSError, FloatingPointError, ImportError)

# What a user can do about errors of the system.
FIXES = {
    errno.ENOSPC: "Make room, then start the same command again",
    errno.EDQUOT: "Make room, then start the same command again",
    errno.EROFS: "Name a place that can be written",
    errno.EACCES: "Ask its owner for access, or name another place",
    errno.EPERM: "Ask its owner for access, or name another place",
    errno.ENAMETOOLONG: "Name a shorter one",
}

HELP = frozenset({"--help", "-help", "-h", "--helpshort", "--helpfull"})


class Command:
    """A verb.

    Args:
        name: `memgan <name>`.
        description: The first line is for the list of verbs, the rest for its own help.
        define_flags: Defines its flags in a `flags.FlagValues`.
        run: Does the work with the parsed flags.
        required: Flags that must be given.
        describe: Makes the text of --help from the parsed flags; None lists all flags.
    """

    def __init__(
        self,
        name: str,
        description: str,
        define_flags: Callable[[flags.FlagValues], None],
        run: Callable[[flags.FlagValues], None],
        required: Sequence[str] = (),
        describe: Callable[[flags.FlagValues], str] | None = None,
    ):
        self.name, self.description, self._run = name, description.strip(), run
        self._required, self._describe = required, describe
        self.flags = flags.FlagValues()
        define_flags(self.flags)
        flags.DEFINE_bool(
            "debug", False, "Show a traceback instead of one line.", flag_values=self.flags
        )

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Parses `arguments`, without the program's name, and runs. Returns the exit code."""
        arguments = sys.argv[1:] if arguments is None else list(arguments)
        with streams.safe_streams():
            return self._main(arguments)

    def _main(self, arguments):
        asks_for_help = bool(HELP & set(arguments))
        if "--helpfull" in arguments or (asks_for_help and self._describe is None):
            print(self.help())
            return 0
        self.flags.unparse_flags()
        try:
            rest = self.flags([self.name, *(a for a in arguments if a not in HELP)])[1:]
            if rest:
                raise flags.Error(f"takes flags only, --name=value. Received: {rest[0]}")
            if asks_for_help and self._describe is not None:
                print(self._describe(self.flags))
                return 0
            for flag in self._required:
                if self.flags[flag].value is None:
                    raise flags.Error(f"`{flag}` must be given, --{flag}=…")
            with streams.raising():
                self._run(self.flags)
            return 0
        except flags.Error as error:
            return self._fail(f"{_flag_mistake(error)} See memgan {self.name} --help")
        except KeyboardInterrupt as error:
            print(f"memgan {self.name}: {str(error) or 'interrupted'}", file=sys.stderr)
            return streams.BY_SIGNAL + getattr(error, "number", signal.SIGINT)
        except Exception as error:
            if not is_expected(error) or (self.flags.is_parsed() and self.flags.debug):
                raise
            return self._fail(_message(error))

    def help(self) -> str:
        """The description and every flag with its default."""
        entries = list_flags(self.flags, self._required)
        return "\n".join([self.description, "", "Flags:", *entries])

    def _fail(self, message):
        line = printable(" ".join(message.split()))
        print(f"memgan {self.name}: error: {line}", file=sys.stderr)
        return 1


def is_expected(error: BaseException) -> bool:
    """Whether an error gets one line: user's mistakes, system errors and TensorFlow's errors."""
    return isinstance(error, EXPECTED) or _is_of_tensorflow(error)


def _is_of_tensorflow(error):
    # Looked up by name, because TensorFlow may not have been imported yet.
    errors = sys.modules.get("tensorflow.python.framework.errors_impl")
    return errors is not None and isinstance(error, errors.OpError)


def _flag_mistake(error):
    """absl's sentence, with a suggestion for a misspelled choice."""
    text = re.sub(r"Did you mean: (.*) \?$", r"Did you mean \1?", str(error))
    choice = re.fullmatch(r"flag --\w+=(.*): value should be one of <(.*)>", text, re.DOTALL)
    close = difflib.get_close_matches(choice[1], choice[2].split("|"), 1) if choice else []
    if close:
        return f"{text}. Did you mean {close[0]}?"
    return text if text.endswith("?") else f"{text}."


def _message(error):
    if _is_of_tensorflow(error):
        line = first_line(error)
        fixes = [fix for number, fix in FIXES.items() if line.endswith(os.strerror(number))]
        return ". ".join([f"TensorFlow: {line}", *fixes])
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        # Without the number, and the file first.
        return _with_fix(f"{os.fsdecode(error.filename)}: {error.strerror}", error)
    if isinstance(error, OSError) and error.errno is not None and error.strerror:
        return _with_fix(error.strerror, error)
    return str(error) or type(error).__name__


def _with_fix(text, error):
    return f"{text}. {FIXES[error.errno]}" if error.errno in FIXES else text


def follow_up(verb: str, *arguments: str) -> str:
    """A next command, quoted for a shell."""
    return " ".join([program(), verb, *map(shlex.quote, arguments)])


def program(name: str = "memgan") -> str:
    """How to call a program of this environment: by name, or by path if necessary."""
    path = pathlib.Path(sys.executable).with_name(name)
    if shutil.which(name) or not path.exists():
        return name
    with contextlib.suppress(ValueError):
        path = path.relative_to(pathlib.Path.cwd())
    return shlex.quote(str(path))


# Modules that most commands need after TensorFlow; a command may name fewer.
AFTER_TENSORFLOW = ("sklearn.metrics", "memgan_tf.fit")


def import_tensorflow(then: Sequence[str] = AFTER_TENSORFLOW) -> None:
    """Imports TensorFlow without the messages that it prints on a machine without a GPU.

    Call it after the flags have been checked, because the import takes seconds.

    Args:
        then: Modules that the command needs next.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # A user's keras.json may choose another backend.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Its first lines come from C++ before any log level applies.
    with (
        tempfile.TemporaryFile() as sink,
        _standard_error_to(sink) as standard_error,
        streams.quitting_at_once(standard_error),
    ):
        importlib.import_module("tensorflow")
        # Here, because a library may swallow Ctrl-C during its import.
        for name in then:
            importlib.import_module(name)
    # Matplotlib reads matplotlibrc of the working directory, which may name programs to run.
    importlib.import_module("matplotlib").rcdefaults()


@contextlib.contextmanager
def _standard_error_to(sink):
    """Redirects file descriptor 2 to a file; shows its content if the block fails.

    Yields a descriptor of what it was.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    os.dup2(sink.fileno(), 2)
    try:
        yield saved
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

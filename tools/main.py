"""The console script `memgan`, which imports only the chosen verb."""

import difflib
import importlib
import sys
from collections.abc import Sequence

from memgan_tf.tools import streams
from memgan_tf.version import __version__

# In the order in which a newcomer needs them.
VERBS = {
    "demo": "train, evaluate and score on a small data set that needs no download",
    "train": "train a detector on normal images, or resume an interrupted run",
    "evaluate": "measure a finished run on its test split, with pictures",
    "report": "one HTML file on a finished run: verdict, figures, heat-maps, warnings",
    "benchmark": "run a grid of detectors, classes and seeds; make tables",
    "hull": "test the paper's claim that normal codes are inside the hull of the memory units",
    "figures": "draw the paper's figures 1 to 4 from finished runs",
    "score": "score images with a finished run",
    "recalibrate": "set a new threshold for a finished run, without training",
    "app": "a local page to look at scored photographs, decide and recalibrate",
    "export": "publish a finished run as a SavedModel for TensorFlow Serving",
    "doctor": "check this installation and show how to fix problems",
    "serve-check": "compare a server's scores with an export's, and measure latency",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `memgan <verb> …`; returns the exit code.

    Args:
        arguments: Arguments; None uses those of the program, and prepares its process.
    """
    if arguments is not None:
        return _main(list(arguments))
    streams.prepare_process()
    try:
        with streams.safe_streams():
            return _main(sys.argv[1:])
    except OSError as error:
        print(f"memgan: error: {error}", file=sys.stderr)
        return 1
    finally:
        streams.reset_signals()


def _main(arguments):
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        print(usage())
        return 0
    if arguments[0] == "--version":
        print(f"memgan_tf {__version__}")
        return 0
    if arguments[0] not in VERBS:
        close = difflib.get_close_matches(arguments[0], VERBS, 1)
        guess = f". Did you mean {close[0]}?" if close else ""
        print(
            f"memgan: error: unknown verb {arguments[0]!r}; it must be one of "
            f"{', '.join(VERBS)}{guess}",
            file=sys.stderr,
        )
        return 1
    module = importlib.import_module(f"memgan_tf.tools.{arguments[0].replace('-', '_')}")
    return module.COMMAND.main(arguments[1:])


def usage() -> str:
    """The list of verbs."""
    verbs = "\n".join(f"  {name:<12} {text}" for name, text in VERBS.items())
    return (
        f"memgan_tf {__version__}: anomaly detection for images with TensorFlow\n\n"
        f"memgan <verb> --flag=value …\n\n{verbs}\n\nmemgan <verb> --help shows its flags."
    )


if __name__ == "__main__":
    sys.exit(main())

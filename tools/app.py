"""A local page to look at scored photographs, decide on them and correct the threshold."""

import getpass
import pathlib

from absl import flags

from memgan_tf import outputs
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.tools.serve_check import define_fitting_flags, define_server_flags
from memgan_tf.training.run_directory import RunDirectory
from memgan_tf.validation import check_integer

DESCRIPTION = """Shows scored photographs on a local page, where an inspector decides on them.

memgan app --run=runs/patch_memory/folder_parts/all/seed_0
memgan app --run=runs/patch_memory/folder_parts/all/seed_0 --watch=new_photos
memgan app --server=rest://localhost:8501/parts --decisions=inspection

Prints an address to open in a browser on this machine. It does not use the network, and nothing
leaves the machine. Drop photographs onto the page, or let it read new ones from --watch. Decisions
are kept in decisions.csv of --decisions, by default a folder next to the run. Ctrl-C ends it; the
next start shows the same session. It needs the extra: pip install 'memgan_tf[app]'."""

# Default name, because a container may have no user name for its user id.
NOBODY = "inspector"


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("run", None, "Folder of the run.", **options)
    flags.DEFINE_string("watch", None, "Folder whose new photographs are scored.", **options)
    flags.DEFINE_string(
        "decisions",
        None,
        "Folder of the decisions and of dropped photographs. Default: inspection_<run> next to the "
        "run. Required with --server.",
        **options,
    )
    flags.DEFINE_string("who", None, "Name of the inspector. Default: the user's.", **options)
    flags.DEFINE_integer("port", 8765, "Port on 127.0.0.1; 0 takes a free one.", **options)
    define_fitting_flags(flag_values)
    define_server_flags(flag_values)


def run(flag_values):
    """Checks everything, then serves the page until Ctrl-C."""
    port = check_integer("port", flag_values.port, 0, 2**16 - 1)
    folder = _folder(flag_values)
    watched = None if flag_values.watch is None else pathlib.Path(flag_values.watch)
    if watched is not None and not watched.is_dir():
        raise ValueError(f"`watch` must name an existing folder. Received: {watched}")
    _check_extra()
    from memgan_tf.app.address import bind

    with bind(port) as bound:
        import_tensorflow()
        _serve(_make_judge(flag_values), folder, watched, flag_values.who or _user(), bound)


def _folder(flag_values):
    """The folder of the decisions."""
    if (flag_values.run is None) == (flag_values.server is None):
        raise ValueError("`run` or `server` must be given, and not both")
    if flag_values.decisions is not None:
        folder = pathlib.Path(flag_values.decisions)
    elif flag_values.run is None:
        raise ValueError("`decisions` must name a folder with --server: --decisions=inspection")
    if flag_values.server is not None:
        ServerAddress.parse(flag_values.server)
    else:
        directory = RunDirectory(flag_values.run)
        directory.read_config()
        if not directory.is_complete:
            raise ValueError(f"`run` must be complete; finish {directory.path} with memgan train")
        if flag_values.decisions is None:
            # The path as given, unless it has no name, such as `.` and `..`.
            path = directory.path
            path = path if path.name.strip(".") else path.resolve()
            folder = path.with_name(f"inspection_{path.name}")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"`decisions` must name a folder, and {folder} is a file")
    outputs.check_folder(folder, "decisions")
    return folder


def _check_extra():
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ModuleNotFoundError as error:
        raise ValueError(
            f"memgan app needs {error.name}, which is not installed. Run "
            f"pip install 'memgan_tf[app]'"
        ) from error


def _make_judge(flag_values):
    from memgan_tf.app.judges import RunJudge, ServerJudge
    from memgan_tf.evaluation.trained_run import TrainedRun
    from memgan_tf.serving.connect import make_client

    if flag_values.run is not None:
        return RunJudge(TrainedRun.load(flag_values.run))
    retries = RetryPolicy(flag_values.attempts, flag_values.timeout)
    client = make_client(ServerAddress.parse(flag_values.server), retries)
    return ServerJudge(client, flag_values.image_fit, flag_values.bit_depth)


def _serve(judge, folder, watched, who, bound):
    from memgan_tf.app.address import HOST
    from memgan_tf.app.guard import make_token
    from memgan_tf.app.server import make_server, running
    from memgan_tf.app.session import Session
    from memgan_tf.data.image_files import pillow_rules

    token, port = make_token(), bound.getsockname()[1]
    session = Session(judge, folder, watched, who)
    # Must enclose all threads that decode; see `pillow_rules`.
    with pillow_rules(), running(session):
        print(f"Open http://{HOST}:{port}/?token={token}")
        print(f"Decisions: {session.decisions.path}. Ctrl-C ends.", flush=True)
        make_server(session, token, bound).run(sockets=[bound])


def _user():
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return NOBODY


COMMAND = Command("app", DESCRIPTION, define_flags, run)

if __name__ == "__main__":
    run_as_script(COMMAND)

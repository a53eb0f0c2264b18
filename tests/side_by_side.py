"""Which tests share a process when several run side by side (`pytest -n`)."""

# Files that keep a process busy for long; started last, they would leave the other one idle.
LONG = (
    "test_readme.py",
    "training/test_multi_worker.py",
    "estimator/test_checks.py",
    "integration/test_benchmark.py",
    "test_benchmarks.py",
    "reliability/test_faults.py",
    "reliability/test_kill.py",
)
# Files that share a trained run.
SHARING = ("reliability/test_faults.py", "reliability/test_kill.py")
# Each of these tests is long and shares nothing.
APART = ("test_readme.py", "integration/test_benchmark.py")


def path_of(nodeid: str) -> str:
    """The file, below the folder of the tests."""
    return nodeid.partition("::")[0].removeprefix("tests/")


def group_of(nodeid: str) -> str:
    """Tests of one group run in one process: of a file or several, or a detector's in the contract.

    So what a file's tests share, such as a trained run, is made once.
    """
    path = path_of(nodeid)
    if path in APART:
        return nodeid
    if path in SHARING:
        return SHARING[0]
    if path == "contract/test_contract.py":
        detector = nodeid.removesuffix("]").rpartition("[")[2].rpartition("-")[2]
        return f"{path}::{detector}"
    return path


def sort_key(nodeid: str) -> bool:
    """Long files come first."""
    return path_of(nodeid) not in LONG


def make_scheduler(config, log):
    """xdist's scheduler by `group_of`; its own marks of groups do nothing under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    # Otherwise groups of many tests, not the long ones, come first.
    config.option.loadscopereorder = False
    return ByGroup(config, log)

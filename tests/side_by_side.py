"""Which tests share a process when several run side by side (`pytest -n`)."""

# Files that share what takes seconds to make, by the fixture that makes it.
SHARING = {
    "reference": ("reliability/test_faults.py", "reliability/test_kill.py"),
    "tiny_run": ("report/test_browser.py", "report/test_heatmaps.py", "report/test_page.py"),
    "exported": (
        "app/test_browser.py",
        "app/test_docs.py",
        "app/test_judges.py",
        "beam/test_beam.py",
        "evaluation/test_trained_run.py",
        "export/litert/test_exporter.py",
        "export/litert/test_metadata.py",
        "export/litert/test_model.py",
        "export/litert/test_page.py",
        "export/test_c_api.py",
        "export/test_golden.py",
        "export/test_obstacles.py",
        "export/test_scorer.py",
        "export/test_verification.py",
        "reliability/test_numerics.py",
        "reliability/test_soak.py",
        "serving/test_check.py",
        "serving/test_clients.py",
        "serving/test_docs.py",
        "serving/test_real_server.py",
        "tools/test_export.py",
        "tools/test_recalibrate.py",
    ),
}
FIXTURES = {path: fixture for fixture, paths in SHARING.items() for path in paths}
# Groups that keep a process busy for long; started last, they would leave the other one idle.
LONG = (
    "exported",
    "test_readme.py",
    "training/test_multi_worker.py",
    "estimator/test_checks.py",
    "integration/test_benchmark.py",
    "test_benchmarks.py",
    "reference",
)
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
    if path in FIXTURES:
        return FIXTURES[path]
    if path == "contract/test_contract.py":
        detector = nodeid.removesuffix("]").rpartition("[")[2].rpartition("-")[2]
        return f"{path}::{detector}"
    return path


def sort_key(nodeid: str) -> bool:
    """Long groups come first."""
    path = path_of(nodeid)
    return FIXTURES.get(path, path) not in LONG


def make_scheduler(config, log):
    """xdist's scheduler by `group_of`; its own marks of groups do nothing under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    # Otherwise groups of many tests, not the long ones, come first.
    config.option.loadscopereorder = False
    return ByGroup(config, log)

"""Says which tests take long without the mark `slow`; it fails nothing, for machines differ."""

SLOW_SECONDS = 10.0


def unmarked(reports) -> list[tuple[float, str]]:
    """Seconds and name of each test that takes longer and is not marked, the longest first."""
    return sorted(
        (
            (report.duration, report.nodeid)
            for report in reports
            if report.when == "call"
            and report.duration > SLOW_SECONDS
            and "slow" not in report.keywords
        ),
        reverse=True,
    )


def summarize(terminal) -> None:
    """Adds a section to pytest's summary if there are any."""
    found = unmarked(report for report in terminal.stats.get("passed", ()))
    if found:
        terminal.section(f"more than {SLOW_SECONDS:g} s without the mark slow", sep="-")
        for seconds, name in found:
            terminal.line(f"{seconds:.1f} s {name}")

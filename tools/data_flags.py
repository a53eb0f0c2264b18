"""Flags that say where a finished run's images are."""

from typing import Any

from absl import flags


def define_data_flags(flag_values: flags.FlagValues) -> None:
    """Defines `--dataset` and `--data_dir`."""
    options: dict[str, Any] = {"flag_values": flag_values}
    flags.DEFINE_string(
        "dataset",
        None,
        "As in memgan train, if the data has moved, or if somebody else trained the run: what such "
        "a run names is not opened.",
        **options,
    )
    flags.DEFINE_string("data_dir", None, "As in memgan train, for the same reasons.", **options)

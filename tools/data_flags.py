"""Flags for the place of a finished run's images."""

from typing import Any

from absl import flags


def define_data_flags(flag_values: flags.FlagValues) -> None:
    """Defines `--dataset` and `--data_dir`."""
    options: dict[str, Any] = {"flag_values": flag_values}
    flags.DEFINE_string(
        "dataset",
        None,
        "As in memgan train. Needed if the data has moved, or if another user trained the run, "
        "because the data named in such a run is not opened.",
        **options,
    )
    flags.DEFINE_string("data_dir", None, "As in memgan train, for the same reasons.", **options)

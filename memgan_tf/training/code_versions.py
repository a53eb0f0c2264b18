"""Which code made a run."""

from memgan_tf import files
from memgan_tf.source_digest import source_digest
from memgan_tf.training.run_directory import RunDirectory


def sources_of(directory: RunDirectory) -> list[str | None]:
    """Digests of the code that started and finished a run and of this code, each once, in order.

    None stands for code that recorded no digest.

    Raises:
        ValueError: If the run's environment.json or COMPLETE is damaged.
    """
    path, environment = directory.path / "environment.json", {}
    with files.naming_damage(path, "Remove it; the run then counts as one of unknown code"):
        if path.exists():
            environment = dict(files.read_json(path))
    found = [environment.get("source"), directory.read_completion().get("source")]
    digests = [digest if isinstance(digest, str) else None for digest in found]
    return list(dict.fromkeys([*digests, source_digest()]))

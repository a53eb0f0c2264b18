"""Compares a server's answers with an export's golden scores, and measures latency."""

from absl import flags

from memgan_tf.data.fitting import FITS
from memgan_tf.serving.address import ServerAddress
from memgan_tf.serving.retries import RetryPolicy
from memgan_tf.tools.command import Command, import_tensorflow, run_as_script
from memgan_tf.validation import check_integer, check_real

DESCRIPTION = """Compares a server's answers with an export's golden scores, and measures latency.

memgan serve-check --server=rest://localhost:8501/twos --export=saved_models/twos/1

Exit code 0: the server gives the golden images the published scores."""


def define_flags(flag_values):
    """Defines this verb's flags."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string("export", None, "Folder of the published version.", **options)
    flags.DEFINE_integer("requests", 200, "Number of requests to measure.", **options)
    flags.DEFINE_integer("batch_size", 8, "Images per request.", **options)
    flags.DEFINE_integer("concurrency", 1, "Number of concurrent clients.", **options)
    flags.DEFINE_float(
        "tolerance",
        1e-4,
        "Relative tolerance of scores, for processors that add in another order.",
        **options,
    )
    define_server_flags(flag_values)


def define_server_flags(flag_values):
    """Defines the flags for a server, which `memgan score` also has."""
    options = {"flag_values": flag_values}
    flags.DEFINE_string(
        "server",
        None,
        "rest://host:8501/name or grpc://host:8500/name, optionally with /version or :label.",
        **options,
    )
    flags.DEFINE_float("timeout", 30.0, "Largest duration of a request, in seconds.", **options)
    flags.DEFINE_integer("attempts", 5, "Tries of a request, with growing pauses.", **options)


def define_fitting_flags(flag_values):
    """Defines how files become a server's images, which its answers do not say."""
    options = {"flag_values": flag_values}
    flags.DEFINE_enum(
        "image_fit",
        "stretch",
        list(FITS),
        "With --server: how files of another size are scaled; see the export's model card.",
        **options,
    )
    flags.DEFINE_integer(
        "bit_depth",
        None,
        "With --server: bits used by the values of files of 16 and 32 bits; see the export's model "
        "card.",
        lower_bound=8,
        upper_bound=16,
        **options,
    )


def run(flag_values):
    """Compares, then measures."""
    from memgan_tf.export.golden import Golden
    from memgan_tf.serving.connect import make_client
    from memgan_tf.serving.speed import measure_speed

    address = ServerAddress.parse(flag_values.server)
    retries = RetryPolicy(flag_values.attempts, flag_values.timeout)
    tolerance = check_real("tolerance", flag_values.tolerance, 0.0, 1.0)
    batch_size = check_integer("batch_size", flag_values.batch_size, 1)
    golden = Golden.load(flag_values.export)
    if address.protocol == "grpc":
        import_tensorflow()
    with make_client(address, retries) as client:
        states = ", ".join(f"{v} {state}" for v, state in sorted(client.versions().items()))
        print(f"{address} has version {states}; compared with {flag_values.export}")
        answers = client.score(golden.images)
    try:
        agreement = golden.compare(answers, tolerance)
    except RuntimeError as error:
        raise RuntimeError(f"{address} runs another model or version: {error}") from error
    print(f"{len(golden.images)} golden images: scores {agreement}")
    speed = measure_speed(
        lambda: make_client(address, retries),
        golden.images,
        flag_values.requests,
        batch_size,
        flag_values.concurrency,
    )
    print(
        f"{flag_values.requests} requests of {batch_size} images, {flag_values.concurrency} at a "
        f"time: {speed}"
    )


COMMAND = Command("serve-check", DESCRIPTION, define_flags, run, required=("server", "export"))

if __name__ == "__main__":
    run_as_script(COMMAND)

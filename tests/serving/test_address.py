"""Addresses of served models."""

import pytest

from memgan_tf.serving.address import ServerAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rest://host/twos", ("rest", "host", 8501, "twos", None, None)),
        ("grpc://host/twos", ("grpc", "host", 8500, "twos", None, None)),
        ("rest://10.0.0.1:80/a.b-c_d", ("rest", "10.0.0.1", 80, "a.b-c_d", None, None)),
        ("grpc://[::1]:9/twos/17", ("grpc", "[::1]", 9, "twos", 17, None)),
        ("rest://host:8501/twos:canary", ("rest", "host", 8501, "twos", None, "canary")),
    ],
)
def test_addresses(text, expected):
    address = ServerAddress.parse(text)
    assert address == ServerAddress(*expected)
    assert ServerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "host:8501/twos", "http://host:8501/twos", "rest://host:8501", "rest://:8501/twos"),
        *("rest://host:0/twos", "rest://host:99999/twos", "rest://host/twos/latest"),
        *("rest://host/twos/1:canary", "rest://user@host/twos", "rest://host/../twos"),
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="`server` must be rest://host:8501/name or grpc://"):
        ServerAddress.parse(text)

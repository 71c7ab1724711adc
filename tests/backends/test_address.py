"""Names of models behind servers."""

from __future__ import annotations

import pytest

from evalhub.backends.address import Address, read_name
from evalhub.backends.openai import OpenAIBackend
from evalhub.backends.transformers import TransformersBackend
from evalhub.errors import EvalhubError


@pytest.mark.parametrize(
    ("name", "address", "model_id"),
    [
        (
            "openai:gpt-x",
            Address("gpt-x", "https://api.openai.com/v1", "api.openai.com", False),
            "openai:gpt-x",
        ),
        (
            "openai:org/m@http://localhost:8000/v1/",
            Address("org/m", "http://localhost:8000/v1", "localhost:8000", True),
            "openai:org/m",
        ),
        (
            "openai:/models/some.gguf@http://10.0.0.7:80/v1",
            Address("/models/some.gguf", "http://10.0.0.7:80/v1", "10.0.0.7", True),
            "openai:some.gguf",
        ),
        (
            "openai:@cf/m@https://[2606:4700::1]:9/v1",
            Address("@cf/m", "https://[2606:4700::1]:9/v1", "[2606:4700::1]:9", False),
            "openai:@cf/m",
        ),
    ],
)
def test_a_name_is_read(name: str, address: Address, model_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, base, host with a port where it is not the usual one, whether it is one's own."""
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert read_name(name) == address
    assert address.model_id == model_id


@pytest.mark.parametrize(
    "host", ["localhost", "gpu-box", "box.local", "192.168.1.5", "127.0.0.1", "[::1]", "172.17.0.2"]
)
def test_hosts_of_ones_own(host: str) -> None:
    """On this machine or network."""
    assert read_name(f"openai:m@http://{host}:8000/v1").own


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", "localhost.example.com"])
def test_hosts_of_others(host: str) -> None:
    """Behind a public address."""
    assert not read_name(f"openai:m@https://{host}/v1").own


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai:", "names no model"),
        ("openai:@http://localhost:8000/v1", "names no model"),
        ("openai:m@http://", "is not like http://localhost:8000/v1"),
        ("openai:m@http://host:port/v1", "is not like"),
        ("openai:m@http://host/v1?version=1", "is not like"),
        ("openai:m@http://me:secret@host/v1", "must not hold a password"),
    ],
)
def test_names_that_are_none(name: str, words: str) -> None:
    """One line; a password is not repeated."""
    with pytest.raises(EvalhubError, match=words) as caught:
        read_name(name)
    assert "secret" not in str(caught.value)


def test_an_address_from_the_environment_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names the variable."""
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:8000")
    with pytest.raises(EvalhubError, match="OPENAI_BASE_URL is not like"):
        read_name("openai:m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://box:8000/v1")
    assert read_name("openai:m").url == "http://box:8000/v1"


@pytest.mark.parametrize(
    "name", ["openai:m", "openai:m@http://localhost/v1", "baseline:random", "smollm2-135m", "a/b"]
)
def test_a_name_means_one_backend(name: str) -> None:
    """`openai:` is ours, and ours alone."""
    assert OpenAIBackend.handles(name) == name.startswith("openai:")
    assert TransformersBackend.handles(name) == (":" not in name)


@pytest.mark.parametrize(
    "name", ["openai:m@127.0.0.1:8000", "openai:m@localhost", "openai:m@host/v1", "openai:m@host:80/v1"]
)
def test_an_address_without_its_scheme_is_refused_and_not_taken_for_the_default_server(name: str) -> None:
    with pytest.raises(EvalhubError, match="without http"):
        read_name(name)


def test_a_model_may_have_a_version_behind_an_at_sign() -> None:
    assert read_name("openai:claude@20240229").model == "claude@20240229"

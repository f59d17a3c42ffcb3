"""Data sets from where they are published, whole or not at all."""

from __future__ import annotations

import contextlib
import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import IO

from diffresnet.errors import InputError
from diffresnet.files.atomic import check_writable, reason

from .catalogue import DataSet
from .verify import Verdict, verify

LARGEST = 2**28
"""Bytes at which a download is given up: every published file is far smaller."""

TIMEOUT = 30.0
"""Seconds to wait for a server to say anything."""

CHUNK = 2**16


class FetchError(RuntimeError):
    """A download that failed: the message is one line, and nothing of it is left."""


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Redirects stay on the web, and never leave https."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        allowed = ("https",) if req.type == "https" else ("https", "http")
        if urllib.parse.urlsplit(newurl).scheme not in allowed:
            raise FetchError(f"{req.full_url} redirects to {newurl!r}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


def fetch(data: DataSet, folder: Path, advance: Callable[[int], object] | None = None) -> Verdict:
    """Download the files of a data set into a folder.

    They are downloaded beside their place, verified there (see `verify`), and only then put into
    it, replacing what was there. Whatever fails, Ctrl-C included, nothing else is left behind.

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
    places = [folder / file.path for file in data.files]
    home = places[0].parent
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {str(home)!r}: {reason(error)}") from error
    for place in places:
        check_writable(place)
    opener = urllib.request.build_opener(_WebOnly)
    with tempfile.TemporaryDirectory(prefix=".diffresnet-", dir=home) as temporary:
        for file in data.files:
            target = Path(temporary, file.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            assert file.address is not None
            _download(opener, file.address, target)
            if advance is not None:
                advance(1)
        verdict = verify(data, Path(temporary))
        if verdict.state != "whole":
            said = verdict.said.replace(f"{temporary}{os.sep}", "")
            raise FetchError(f"what came for {data.name!r} is not what is published: {said}")
        for file, place in zip(data.files, places, strict=True):
            os.replace(Path(temporary, file.path), place)
    return verdict


def _download(opener: urllib.request.OpenerDirector, address: str, target: Path) -> None:
    if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
        raise FetchError(f"{address!r} is no address on the web")
    request = urllib.request.Request(address, headers={"User-Agent": "diffresnet"})
    try:
        with opener.open(request, timeout=TIMEOUT) as answer, open(target, "wb") as file:
            claimed = answer.headers.get("Content-Length")
            read = 0
            while chunk := answer.read(CHUNK):
                read += len(chunk)
                if read > LARGEST:
                    raise FetchError(f"{address} sends more than {LARGEST} bytes; given up")
                file.write(chunk)
            if claimed is not None and read != int(claimed):
                raise FetchError(f"{address} broke off after {read} of {claimed} bytes; try again")
            file.flush()
            os.fsync(file.fileno())
    except urllib.error.HTTPError as error:
        with contextlib.closing(error):
            raise FetchError(f"{address} answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ValueError) as error:
        why = error.reason if isinstance(error, urllib.error.URLError) else error
        said = reason(why) if isinstance(why, BaseException) else str(why)
        raise FetchError(f"cannot fetch {address}: {said}; is there a network?") from error
    except ConnectionError as error:
        raise FetchError(f"{address} broke off: {reason(error)}; try again") from error

import gzip
import hashlib
import http.server
import threading
from pathlib import Path

import numpy as np
import pytest
import requests

from diffresnet.errors import InputError
from diffresnet.files.npz import save_npz
from diffresnet_lab.data import fetch
from diffresnet_lab.data.catalogue import CATALOGUE, DataFile, DataSet, GraphCounts
from diffresnet_lab.data.fetch import FetchError, fetch_data_set
from diffresnet_lab.data.verify import verify_data_set
from planetoid_cases import write_planetoid

COUNTS = GraphCounts(2, 1, 0, 2)


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.lstrip("/")
        if name == "redirect":
            self.send_response(302)
            self.send_header("Location", self.server.location)
            self.end_headers()
        elif name == "short":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 10)
        elif name in self.server.files:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.server.files[name])))
            if name == "bomb":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(self.server.files[name])
        else:
            self.send_error(404)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.files = {}
        server.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def packed(tmp_path):
    path = tmp_path / "toy.npz"
    save_npz(
        path,
        {
            "adj_data": np.ones(1),
            "adj_indices": np.array([1]),
            "adj_indptr": np.array([0, 1, 1]),
            "adj_shape": np.array([2, 2]),
            "labels": np.array([0, 1]),
        },
    )
    return path.read_bytes()


def toy(url, checksum=None, counts=COUNTS):
    return DataSet(
        "toy", "graph", (DataFile("graphs/toy.npz", url, checksum),), "us", "MIT", counts
    )


def left(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file() or path.name[0] == "."]


@pytest.mark.parametrize("known", [False, True])
def test_what_is_fetched_is_in_its_place(server, packed, tmp_path, known):
    server.files["toy.npz"] = packed
    data = toy(
        f"{server.address}/toy.npz", f"md5:{hashlib.md5(packed).hexdigest()}" if known else None
    )
    steps = []
    result = fetch_data_set(data, tmp_path / "new" / "data", steps.append)
    place = tmp_path / "new" / "data" / "graphs" / "toy.npz"
    assert left(tmp_path / "new") == [place]
    assert place.read_bytes() == packed
    assert steps == [1]
    assert result == verify_data_set(data, tmp_path / "new" / "data")
    assert ("checksum" in result.detail) == known


def test_a_redirect_on_the_web_is_followed(server, packed, tmp_path):
    server.files["toy.npz"] = packed
    server.location = f"{server.address}/toy.npz"
    assert fetch_data_set(toy(f"{server.address}/redirect"), tmp_path).state == "whole"


def test_planetoid_comes_whole(server, tmp_path):
    write_planetoid(tmp_path / "theirs")
    for path in (tmp_path / "theirs").iterdir():
        server.files[path.name] = path.read_bytes()
    files = tuple(
        DataFile(f"graphs/planetoid/{name}", f"{server.address}/{name}") for name in server.files
    )
    data = DataSet("planetoid_toy", "planetoid", files, "us", "MIT")
    fetch_data_set(data, tmp_path / "ours")
    assert len(left(tmp_path / "ours")) == 8
    del server.files["ind.toy.graph"]
    with pytest.raises(FetchError, match="404"):
        fetch_data_set(data, tmp_path / "none")
    assert left(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("path", "checksum", "counts", "message"),
    [
        ("/nothing.npz", None, COUNTS, "/nothing.npz answers 404"),
        ("/toy.npz", "sha256:0", COUNTS, "not what is published: .*another checksum"),
        ("/toy.npz", None, GraphCounts(3, 1, 0, 2), "another graph than the published one"),
        ("/page", None, COUNTS, "no .npz file"),
        ("/short", None, COUNTS, "cannot fetch .*10 bytes read, 990 more expected"),
        ("/redirect", None, COUNTS, "redirects to 'file:.*', which is refused"),
        ("/large", None, COUNTS, "sends more than"),
    ],
)
def test_what_fails_leaves_the_old_file(
    server, packed, tmp_path, monkeypatch, path, checksum, counts, message
):
    server.files |= {"toy.npz": packed, "page": b"<html>sign in</html>", "large": b"x" * 5000}
    monkeypatch.setattr(fetch, "MAX_BYTES", 4000)
    secret = tmp_path / "secret.npz"
    secret.write_bytes(packed)
    server.location = secret.as_uri()
    place = tmp_path / "data" / "graphs" / "toy.npz"
    place.parent.mkdir(parents=True)
    place.write_text("old")
    with pytest.raises(FetchError, match=message) as caught:
        fetch_data_set(toy(f"{server.address}{path}", checksum, counts), tmp_path / "data")
    assert "\n" not in str(caught.value)
    assert left(tmp_path / "data") == [place]
    assert place.read_text() == "old"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "cannot fetch"),
        ("ftp://127.0.0.1/x", "cannot fetch"),
        ("http://127.0.0.1:1/x", "cannot fetch .*is there a network"),
        ("http://", "cannot fetch"),
    ],
)
def test_addresses_that_lead_nowhere(tmp_path, monkeypatch, url, message):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(FetchError, match=message):
        fetch_data_set(toy(url), tmp_path)
    assert left(tmp_path) == []


def test_https_is_never_left():
    answer = requests.Response()
    answer.url, answer.status_code = "https://example.org/a", 302
    for refused in ("http://example.org/a", "file:///etc/passwd", "ftp://example.org/a"):
        answer.headers["location"] = refused
        with pytest.raises(FetchError, match="refused"):
            fetch._check_redirect(answer)
    for onward in ("https://b.org/", "//b.org/", "/b"):
        answer.headers["location"] = onward
        fetch._check_redirect(answer)


def test_what_is_unpacked_on_the_way_is_counted(server, tmp_path, monkeypatch):
    """A server may send a small gzip of something huge, asked for it or not."""
    server.files["bomb"] = gzip.compress(bytes(10**6))
    monkeypatch.setattr(fetch, "MAX_BYTES", 10**5)
    with pytest.raises(FetchError, match="sends more than 100000 bytes"):
        fetch_data_set(toy(f"{server.address}/bomb"), tmp_path)
    assert left(tmp_path) == []


def test_files_have_the_permissions_that_the_umask_says(server, packed, tmp_path):
    server.files["toy.npz"] = packed
    fetch_data_set(toy(f"{server.address}/toy.npz"), tmp_path)
    (tmp_path / "other").touch()
    modes = {path.stat().st_mode for path in (tmp_path / "other", tmp_path / "graphs" / "toy.npz")}
    assert len(modes) == 1


def test_a_stop_leaves_nothing(server, packed, tmp_path):
    server.files["toy.npz"] = packed

    def stop(steps):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch_data_set(toy(f"{server.address}/toy.npz"), tmp_path / "data", stop)
    assert left(tmp_path / "data") == []


def test_what_cannot_be_fetched_or_put_anywhere(tmp_path):
    with pytest.raises(InputError, match="no address to fetch it from"):
        fetch_data_set(CATALOGUE["omniglot"], tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        fetch_data_set(CATALOGUE["cora"], tmp_path / "file")

"""diffresnet data: what data sets there are, where they are, getting them and checking them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from diffresnet.cli.decorators import json_option, quiet_option
from diffresnet.cli.output_paths import refuse_overwriting
from diffresnet.cli.progress import note, progress, status
from diffresnet.cli.result import write_json
from diffresnet.files.atomic import check_writable

folder_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="DIFFRESNET_DATA",
    metavar="DIR",
    help="Folder of the data sets.  [default: DIFFRESNET_DATA, else the cache folder]",
)


@click.group(name="data", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, fetch and verify the data sets that the experiments run on.

    They are looked for in --data (or DIFFRESNET_DATA), and then in the cache folder:
    XDG_CACHE_HOME/diffresnet, or the cache folder of the system.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@command.command(name="list")
@folder_option
@json_option
def list_command(data: Path | None, json_path: Path | None) -> None:
    """What there is: kind, whether and where it is found, source and licence."""
    start = time.perf_counter()
    from ..data.catalogue import CATALOGUE
    from ..data.find import data_folders

    _check_json(json_path, data)
    rows = []
    for entry in CATALOGUE.values():
        found = [
            folder
            for folder in data_folders(data)
            if any((folder / file.path).exists() for file in entry.files)
        ]
        rows.append(
            {
                "name": entry.name,
                "kind": entry.kind,
                "found": str(found[0]) if found else None,
                "fetched_by_name": entry.published,
                "source": entry.source,
                "licence": entry.licence,
            }
        )
    width = max(len(name) for name in CATALOGUE)
    for row in rows:
        where = f"in {row['found']}" if row["found"] else "not here"
        if not row["found"] and row["fetched_by_name"]:
            where += f"; diffresnet data fetch {row['name']}"
        click.echo(
            f"{row['name']:<{width}}  {row['kind']:<9}  {where}  ({row['source']}, licence: "
            f"{row['licence']})"
        )
    _write(json_path, "data list", data, rows, start)


@command.command(name="fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@folder_option
@click.option("--again", is_flag=True, help="Fetch what is there already, too.")
@json_option
@quiet_option
def fetch_command(
    names: tuple[str, ...], data: Path | None, again: bool, json_path: Path | None, quiet: bool
) -> None:
    """Download data sets into the data folder, each whole or not at all.

    What is downloaded is read, counted and compared with the published checksum where one is
    known, before it takes its place.
    """
    start = time.perf_counter()
    from ..data.catalogue import data_set
    from ..data.fetch import fetch
    from ..data.find import cache_folder
    from ..data.verify import verify

    _check_json(json_path, data)
    entries = [data_set(name) for name in names]
    folder = cache_folder() if data is None else data
    rows = []
    for entry in entries:
        verdict = None if again else verify(entry, folder)
        if verdict is not None and verdict.state == "whole":
            click.echo(f"{entry.name}: there already ({verdict.said})")
        else:
            with progress(f"fetching {entry.name}", len(entry.files), quiet) as bar:
                verdict = fetch(entry, folder, bar)
            click.echo(f"{entry.name}: fetched into {folder} ({verdict.said})")
        rows.append({"name": entry.name, "folder": str(folder), "said": verdict.said})
    _write(json_path, "data fetch", data, rows, start)


@command.command(name="verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@folder_option
@json_option
@quiet_option
def verify_command(
    names: tuple[str, ...], data: Path | None, json_path: Path | None, quiet: bool
) -> None:
    """Check the data sets that are there; exit with 1 if one is damaged.

    Every file is read, a graph's nodes, edges, features and classes are counted, and checksums
    are compared. Without a NAME: all that is found; a NAME that is missing counts as damaged.
    """
    start = time.perf_counter()
    from ..data.catalogue import CATALOGUE, data_set
    from ..data.find import data_folders
    from ..data.verify import verify

    _check_json(json_path, data)
    rows = []
    for entry in [data_set(name) for name in names] or list(CATALOGUE.values()):
        with status(f"reading {entry.name}", quiet):
            verdicts = [(folder, verify(entry, folder)) for folder in data_folders(data)]
        found = [(folder, verdict) for folder, verdict in verdicts if verdict.state != "missing"]
        for folder, verdict in found or (verdicts[:1] if names else []):
            click.echo(f"{entry.name}: {verdict.state} ({verdict.said})")
            rows.append(
                {
                    "name": entry.name,
                    "folder": str(folder),
                    "state": verdict.state,
                    "said": verdict.said,
                }
            )
    _write(json_path, "data verify", data, rows, start)
    if not rows:
        note(f"no data in {' or '.join(map(str, data_folders(data)))}", quiet)
    bad = [row for row in rows if row["state"] != "whole"]
    if bad:
        others = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        raise RuntimeError(f"{bad[0]['name']} is {bad[0]['state']}: {bad[0]['said']}{others}")


def _check_json(path: Path | None, data: Path | None) -> None:
    """Refuse a place that cannot be written, or that a file of a data set has."""
    from ..data.catalogue import CATALOGUE
    from ..data.find import data_folders

    if path is None:
        return
    check_writable(path)
    files = [file for entry in CATALOGUE.values() for file in entry.files]
    refuse_overwriting(
        {"--json": path}, [folder / file.path for folder in data_folders(data) for file in files]
    )


def _write(
    path: Path | None, experiment: str, data: Path | None, rows: list[dict[str, Any]], start: float
) -> None:
    write_json(
        path,
        {
            "experiment": experiment,
            "settings": {"data": data},
            "results": rows,
            "seconds": time.perf_counter() - start,
        },
    )

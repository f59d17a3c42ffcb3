"""diffresnet data: list, fetch and verify data sets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import click

from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import Argument, Option, Options
from diffresnet.cli.progress import progress, status
from diffresnet.files.atomic import refuse_replacing


@dataclass(frozen=True, kw_only=True)
class DataSetOptions(Options):
    """Add --data, the folder of data sets or the cache."""

    data: Annotated[
        Path | None,
        Option(
            help="Folder of the data sets.  [default: DIFFRESNET_DATA, else the cache folder]",
            metavar="DIR",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="DIFFRESNET_DATA",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class FetchOptions(DataSetOptions):
    """Options of `diffresnet data fetch`."""

    names: Annotated[tuple[str, ...], Argument(metavar="NAME...")]
    again: Annotated[bool, Option(help="Fetch what is there already, too.")] = False


@dataclass(frozen=True, kw_only=True)
class VerifyOptions(DataSetOptions):
    """Options of `diffresnet data verify`."""

    names: Annotated[tuple[str, ...], Argument(metavar="[NAME]...")] = ()


@command("data list")
def list_command(options: DataSetOptions) -> Outcome:
    """List data sets: kind, whether and where it is found, source and licence."""
    from ..data.catalogue import CATALOGUE
    from ..data.find import data_folders

    _protect_data(options)
    rows = []
    for data in CATALOGUE.values():
        folders = [
            str(folder)
            for folder in data_folders(options.data)
            if any((folder / file.path).exists() for file in data.files)
        ]
        rows.append(
            {
                "name": data.name,
                "kind": data.kind,
                "found": folders[0] if folders else None,
                "fetched_by_name": data.published,
                "source": data.source,
                "licence": data.licence,
            }
        )
    width = max(map(len, CATALOGUE))
    lines = []
    for row in rows:
        place = f"in {row['found']}" if row["found"] else "not here"
        if not row["found"] and row["fetched_by_name"]:
            place += f"; diffresnet data fetch {row['name']}"
        lines.append(
            f"{row['name']:<{width}}  {row['kind']:<9}  {place}  ({row['source']}, licence: "
            f"{row['licence']})"
        )
    return Outcome(rows, text="\n".join(lines))


@command("data fetch")
def fetch_command(options: FetchOptions) -> Outcome:
    """Download data sets into the data folder, each whole or not at all.

    What is downloaded is read, counted and compared with the published checksum where one is
    known, before it takes its place.
    """
    from ..data.catalogue import get_data_set
    from ..data.fetch import fetch_data_set
    from ..data.find import cache_folder
    from ..data.verify import verify_data_set

    _protect_data(options)
    folder = options.data or cache_folder()
    rows = []
    for data in [get_data_set(name) for name in options.names]:
        result = None if options.again else verify_data_set(data, folder)
        if result is not None and result.state == "whole":
            line = f"{data.name}: there already ({result.detail})"
        else:
            with progress(f"fetching {data.name}", len(data.files), options.quiet) as advance:
                result = fetch_data_set(data, folder, advance)
            line = f"{data.name}: fetched into {folder} ({result.detail})"
        click.echo(line)  # now: it stays there if a later one fails
        rows.append({"name": data.name, "folder": str(folder), "said": result.detail})
    return Outcome(rows)


@command("data verify")
def verify_command(options: VerifyOptions) -> Outcome:
    """Check the data sets that are there; exit with 1 if one is damaged.

    Every file is read, a graph's nodes, edges, features and classes are counted, and checksums
    are compared. Without a NAME: all that is found; a NAME that is missing counts as damaged.
    """
    from ..data.catalogue import CATALOGUE, get_data_set
    from ..data.find import data_folders
    from ..data.verify import verify_data_set

    _protect_data(options)
    folders = data_folders(options.data)
    rows = []
    for name in options.names or CATALOGUE:
        data = get_data_set(name)
        with status(f"reading {name}", options.quiet):
            results = [(folder, verify_data_set(data, folder)) for folder in folders]
        present = [(folder, result) for folder, result in results if result.state != "missing"]
        for folder, result in present or (results[:1] if options.names else []):
            row = {"name": name, "folder": str(folder), "state": result.state}
            rows.append(row | {"said": result.detail})
    bad = [
        f"{row['name']} is {row['state']}: {row['said']}" for row in rows if row["state"] != "whole"
    ]
    others = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    return Outcome(
        rows,
        text="\n".join(f"{row['name']}: {row['state']} ({row['said']})" for row in rows),
        summary="" if rows else f"no data in {' or '.join(map(str, folders))}",
        failure=bad[0] + others if bad else "",
    )


def _protect_data(options: DataSetOptions) -> None:
    """Refuse a --json that would replace a file of a data set."""
    from ..data.catalogue import CATALOGUE
    from ..data.find import data_folders

    files = [file.path for data in CATALOGUE.values() for file in data.files]
    folders = data_folders(options.data)
    refuse_replacing({"json": options.json}, [f / path for f in folders for path in files])


@click.group(
    "data",
    invoke_without_command=True,
    commands=[list_command, fetch_command, verify_command],
)
@click.pass_context
def command_group(ctx: click.Context) -> None:
    """List, fetch and verify the data sets that the experiments run on.

    They are looked for in --data (or DIFFRESNET_DATA), and then in the cache folder:
    XDG_CACHE_HOME/diffresnet, or the cache folder of the system.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())

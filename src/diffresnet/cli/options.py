"""Options of a command, declared once as the fields of a dataclass."""

from __future__ import annotations

import shlex
import types
import typing
from collections.abc import Collection
from dataclasses import MISSING, Field, asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

import click


@dataclass(frozen=True, kw_only=True)
class Option:
    """Describe an option of the command line; its name and type are those of the field.

    Parameters
    ----------
    help : str
    metavar : str, optional
    type : click.ParamType, optional
        By default what the annotation says: int, float, str, Path, bool (a flag), Literal (a
        choice), `T | None`, or tuple[T, ...] (may be given several times).
    flag : str, optional
        By default the name of the field: `label_column` is --label-column, `with_` is --with.
    short : str, optional
        A second, short flag.
    envvar : str, optional
        Environment variable that gives the value where the option is not given.
    reads, writes : bool
        Whether it is a path that the command reads, or writes: nothing that is written may take
        the place of another output or of what is read.
    folder : bool
        Whether what is written is a folder, which the command makes; other outputs may lie in it.
        Of what is read, whether it may be a folder.
    replaces : str, optional
        The one field whose file an output may replace.
    suffixes : tuple of str, optional
        Endings that the name of an output may have.
    parameter : str, optional
        What the library calls it in an `InputError`, where that is not the name of the field.
    """

    help: str = ""
    metavar: str | None = None
    type: click.ParamType | None = None
    flag: str = ""
    short: str = ""
    envvar: str | None = None
    reads: bool = False
    writes: bool = False
    folder: bool = False
    replaces: str = ""
    suffixes: tuple[str, ...] | None = None
    parameter: str = ""


@dataclass(frozen=True, kw_only=True)
class Argument(Option):
    """Describe a positional argument: as `Option`, and it has no flag."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options that every command has; subclasses add their own.

    Attributes
    ----------
    given : names of the fields that were given, not left to their defaults.
    """

    json: Annotated[
        Path | None,
        Option(
            help="Write settings, results and environment as JSON.", metavar="PATH", writes=True
        ),
    ] = None
    quiet: Annotated[
        bool, Option(help="Say nothing on stderr unless the work fails.", short="-q")
    ] = False
    given: frozenset[str] = frozenset()

    def settings(self) -> dict[str, Any]:
        """Return what --json says of the options."""
        shown = asdict(self)
        for name in ("json", "quiet", "given"):
            del shown[name]
        return {name.rstrip("_"): value for name, value in shown.items()}

    def made_folders(self) -> tuple[Path, ...]:
        """Return folders that the command makes itself: outputs may lie in them."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DeviceOption(Options):
    """Add --device."""

    device: Annotated[
        str, Option(help="Where to compute: auto, cpu, cuda, cuda:1, mps.", metavar="NAME")
    ] = "auto"


UnlabelledMarks = Annotated[
    tuple[str, ...],
    Option(
        help="What stands for no label, besides blank cells; may be repeated.  [default: -1 where "
        "labels are numbers throughout]",
        metavar="MARK",
    ),
]

SEEDS = click.IntRange(0, 2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class SeedOption(Options):
    """Add --seed."""

    seed: Annotated[int, Option(help="Seed of all random choices.", type=SEEDS)] = 0


@dataclass(frozen=True, kw_only=True)
class PaperSeedOption(Options):
    """Add --seed where the paper is repeated, whose own seed is the default."""

    seed: Annotated[
        int, Option(help="Seed of all random choices; 42 is the paper's.", type=SEEDS)
    ] = 42


@dataclass(frozen=True, kw_only=True)
class DataOption(Options):
    """Add --data, the folder of data sets."""

    data: Annotated[
        Path | None,
        Option(
            help="Folder of the data sets.  [default: DIFFRESNET_DATA]",
            metavar="DIR",
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            envvar="DIFFRESNET_DATA",
        ),
    ] = None


@dataclass(frozen=True)
class Declared:
    """One field of an `Options` class, as the command line has it."""

    field: Field[Any]
    type: Any
    option: Option

    @property
    def name(self) -> str:
        return self.field.name

    @property
    def flag(self) -> str:
        """How a user spells it."""
        spelled = self.name.rstrip("_").replace("_", "-")
        if isinstance(self.option, Argument):
            return self.option.metavar or spelled.upper()
        return self.option.flag or f"--{spelled}"

    def parameter(self) -> click.Parameter:
        """Return the click parameter."""
        kind, many = _value_type(self.type)
        chosen = self.option.type or _click_type(kind)
        missing, default = self.field.default is MISSING, self.field.default
        # To click a default of None is one: what is required would not be missed.
        given: dict[str, Any] = {} if missing else {"default": default}
        if isinstance(self.option, Argument):
            return click.Argument(
                [self.name],
                type=chosen,
                nargs=-1 if many else 1,
                required=missing,
                metavar=self.option.metavar,
                **given,
            )
        return click.Option(
            [name for name in (self.option.short, self.flag, self.name) if name],
            type=None if kind is bool else chosen,
            is_flag=kind is bool,
            multiple=many,
            required=missing,
            show_default=not (missing or default is False or default in (None, ())),
            metavar=self.option.metavar,
            help=self.option.help,
            envvar=self.option.envvar,
            **given,
        )


def declared(options: type[Options]) -> list[Declared]:
    """Return the arguments and options of a command: its own, then inherited, then common ones."""
    hints = typing.get_type_hints(options, include_extras=True)
    own, common = vars(options)["__annotations__"], vars(Options)["__annotations__"]
    found = []
    for each in fields(options):
        if typing.get_origin(hints[each.name]) is Annotated:
            kind, option = typing.get_args(hints[each.name])[:2]
            assert isinstance(option, Option)
            found.append(Declared(each, kind, option))
    return sorted(found, key=lambda each: (each.name in common, each.name not in own))


def command_line(name: str, options: Options, leave_out: Collection[str] = ()) -> str:
    """Return the command line of options that were given, without --json and --quiet.

    Parameters
    ----------
    name : str
        Of the command.
    leave_out : names of further fields that are left out.
    """
    words = ["diffresnet", *name.split()]
    for each in declared(type(options)):
        if each.name not in options.given or each.name in ("json", "quiet", *leave_out):
            continue
        value = getattr(options, each.name)
        values = [str(item) for item in (value if isinstance(value, tuple) else (value,))]
        if isinstance(each.option, Argument):
            words += values
        elif isinstance(value, bool):
            words.append(each.flag)
        else:
            words += [word for item in values for word in (each.flag, item)]
    return shlex.join(words)


def _value_type(hint: Any) -> tuple[Any, bool]:
    """Return the type of one value, and whether there may be several."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True
    return hint, False


def _click_type(kind: Any) -> Any:
    if typing.get_origin(kind) is Literal:
        return click.Choice(typing.get_args(kind))
    return NamedPath(path_type=Path) if kind is Path else kind


class NamedPath(click.Path):
    """Path that is not empty: an unset variable of a shell would stand for the working folder."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if value == "":
            self.fail("the name is empty", param, ctx)
        return super().convert(value, param, ctx)

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import click
import pytest

from diffresnet.cli import app
from diffresnet.cli.command import Outcome, command
from diffresnet.cli.options import (
    Argument,
    DataOption,
    DeviceOption,
    Option,
    SeedOption,
    command_line,
    declared,
)
from diffresnet.cli.output_paths import check_outputs
from diffresnet.errors import InputError


@dataclass(frozen=True, kw_only=True)
class MixOptions(SeedOption, DeviceOption, DataOption):
    files: Annotated[tuple[Path, ...], Argument(metavar="FILE...", reads=True)]
    out: Annotated[Path, Option(help="Where.", metavar="FILE", writes=True, suffixes=(".npz",))]
    with_: Annotated[Path | None, Option(help="A model.", reads=True)] = None
    names: Annotated[tuple[str, ...], Option(help="Names.", flag="--name")] = ()
    share: Annotated[float | None, Option(type=click.FloatRange(0.0, 1.0))] = None
    kind: Annotated[Literal["a", "b"], Option(help="Kind.", parameter="sort")] = "a"
    fast: Annotated[bool, Option(help="Be quick.")] = False


@pytest.fixture
def mix(monkeypatch):
    """Installs a command `mix`; what it was given is in the list."""
    seen = []

    @command("mix")
    def run(options: MixOptions) -> Outcome:
        """Mix FILES."""
        seen.append(options)
        if options.kind == "b":
            raise InputError("no such kind; take another", "sort")
        if options.share == 0.5:
            raise InputError("nothing to split")
        return Outcome(
            [{"n": 3}], text="three", notes=["two are one"], summary="took {seconds} s",
            settings={"kind": "changed", "rows": 3}, extra={"epochs": 7},
            write=[lambda: options.out.write_text("done")],
        )  # fmt: skip

    monkeypatch.setitem(app.commands(), "mix", app.LazyCommand(f"{__name__}:MIX", "Mix."))
    monkeypatch.setattr(f"{__name__}.MIX", run, raising=False)
    return seen


MIX = None


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIFFRESNET_DATA", raising=False)
    Path("a.csv").write_text("x")
    Path("m.npz").write_text("x")
    return tmp_path


def test_options_have_the_types_and_names_of_their_fields(mix, place, capfd):
    args = "mix a.csv m.npz --out o.npz --with m.npz --name x --name y --share 0.25 --fast --seed 3"
    assert app.run(args.split()) == app.DONE
    (options,) = mix
    assert options.files == (Path("a.csv"), Path("m.npz"))
    assert (options.out, options.with_) == (Path("o.npz"), Path("m.npz"))
    assert (options.names, options.share, options.fast, options.seed) == (("x", "y"), 0.25, True, 3)
    assert (options.kind, options.device, options.data) == ("a", "auto", None)
    assert options.given == {"files", "out", "with_", "names", "share", "fast", "seed"}
    assert capfd.readouterr().out == "three\n"


def test_help_tells_every_option_and_its_default(mix, capfd):
    assert app.run(["mix", "--help"]) == app.DONE
    out = capfd.readouterr().out
    assert "Usage: diffresnet mix [OPTIONS] FILE..." in out
    for text in (
        "--out FILE",
        "[required]",
        "--kind [a|b]",
        "[default: a]",
        "[default: 0;",
        "-q, --quiet",
        "--with",
    ):
        assert text in out
    assert out.index("--kind") < out.index("--seed") < out.index("--json")


def test_the_outcome_is_told_and_written(mix, place, capfd):
    assert app.run(["mix", "a.csv", "--out", "o.npz", "--json", "r.json"]) == app.DONE
    found = json.loads(Path("r.json").read_text())
    assert found["experiment"] == "mix"
    assert found["results"] == [{"n": 3}]
    assert found["settings"] == {
        "seed": 0, "device": "auto", "data": None, "files": ["a.csv"], "out": "o.npz",
        "with": None, "names": [], "share": None, "kind": "changed", "fast": False, "rows": 3,
    }  # fmt: skip
    assert found["epochs"] == 7
    assert Path("o.npz").read_text() == "done"
    err = capfd.readouterr().err.splitlines()
    assert err[0] == "note: two are one"
    assert err[1].startswith("took 0.")
    assert app.run(["mix", "a.csv", "--out", "o.npz", "--quiet"]) == app.DONE
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--kind", "b"], "error: no such kind; take another (--kind)"),
        (["--share", "0.5"], "error: nothing to split"),
        (["--share", "2"], "Invalid value for '--share'"),
        (["--kind", "c"], "Invalid value for '--kind'"),
        (
            ["--json", "a.csv"],
            "is read or written; name another place (--json)",
        ),
        (["--json", "o.npz"], "would replace another file"),
        (["--json", "no/r.json"], "the folder 'no' does not exist"),
        (["--out", "o.txt"], "its name must end in .npz"),
        (["--with", "o.npz"], "'o.npz' would replace another file"),
    ],
)
def test_bad_options_are_one_line_before_any_output(mix, place, capfd, args, message):
    assert app.run(["mix", "a.csv", "--out", "o.npz", *args]) == app.BAD_INPUT
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert not Path("o.npz").exists()


def test_an_output_may_replace_the_one_file_that_it_names(place):
    @dataclass(frozen=True, kw_only=True)
    class InPlace(SeedOption):
        file: Annotated[Path, Argument(reads=True)]
        out: Annotated[Path, Option(writes=True, replaces="file")]

    declarations = {each.name: each for each in declared(InPlace)}
    check_outputs(InPlace(file=Path("a.csv"), out=Path("a.csv")), declarations)
    with pytest.raises(InputError, match="json="):
        check_outputs(
            InPlace(file=Path("a.csv"), out=Path("m.npz"), json=Path("a.csv")), declarations
        )


@dataclass(frozen=True, kw_only=True)
class RunOptions(SeedOption):
    file: Annotated[Path, Argument(reads=True)]
    out: Annotated[Path, Option(writes=True, folder=True)]


def test_outputs_may_lie_in_a_folder_that_the_command_makes(place):
    declarations = {each.name: each for each in declared(RunOptions)}
    check_outputs(
        RunOptions(file=Path("a.csv"), out=Path("run"), json=Path("run/r.json")), declarations
    )
    with pytest.raises(InputError, match="does not exist"):
        check_outputs(
            RunOptions(file=Path("a.csv"), out=Path("run"), json=Path("no/r.json")), declarations
        )
    with pytest.raises(InputError, match="would replace another file"):
        check_outputs(RunOptions(file=Path("a.csv"), out=Path("a.csv")), declarations)


def group(*outcomes):
    """A command `set run FILE` that comes to each of the outcomes in turn."""
    left = list(outcomes)

    @command("set run")
    def run(options: RunOptions) -> Outcome | None:
        return left.pop(0)

    return click.Group("set", commands=[run])


def test_a_command_of_a_group_has_its_last_word(place, monkeypatch):
    monkeypatch.setitem(app.commands(), "set", app.LazyCommand(f"{__name__}:MIX", "Set."))
    reports = []
    done = Outcome([{"n": 1}], report=reports.append)
    monkeypatch.setattr(f"{__name__}.MIX", group(done, None))
    args = ["set", "run", "a.csv", "--out", "o", "--json", "r.json"]
    assert app.run(args) == app.DONE
    payload = json.loads(Path("r.json").read_text())
    assert payload["experiment"] == "set run"
    assert [report["results"] for report in reports] == [payload["results"]]
    assert reports[0]["environment"] == payload["environment"]
    Path("r.json").unlink()
    assert app.run(args) == app.DONE
    assert not Path("r.json").exists(), "another process tells it"


def test_a_failure_is_told_after_all_is_written(place, monkeypatch, capfd):
    monkeypatch.setitem(app.commands(), "set", app.LazyCommand(f"{__name__}:MIX", "Set."))
    failed = Outcome([], text="one is bad", failure="one is bad, which is bad")
    monkeypatch.setattr(f"{__name__}.MIX", group(failed))
    assert app.run(["set", "run", "a.csv", "--out", "o", "--json", "r.json"]) == app.FAILED
    assert capfd.readouterr() == (
        "one is bad\n",
        "diffresnet: error: one is bad, which is bad\n",
    )
    assert Path("r.json").exists()


def test_the_command_line_is_what_was_given():
    options = MixOptions(
        files=(Path("a b.csv"),), out=Path("o.npz"), names=("x", "y"), fast=True, seed=3,
        json=Path("r.json"), given=frozenset({"files", "out", "names", "fast", "seed", "json"}),
    )  # fmt: skip
    assert command_line("mix", options, ["seed"]) == (
        "diffresnet mix 'a b.csv' --out o.npz --name x --name y --fast"
    )

"""What every registered encoder promises."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from diffresnet.encode import ENCODERS, choices, encoder_of, is_callable_spec
from diffresnet.encode.encoder import Encoder
from diffresnet.errors import InputError

PRETRAINED = {
    "sentence-transformers": ("sentence_transformers", "text"),
    "fastembed": ("fastembed", "fastembed"),
    "model2vec": ("model2vec", "model2vec"),
    "timm": ("timm", "image"),
    "open_clip": ("open_clip", "open-clip"),
}
"""Encoder -> its library, and the extra that brings it."""


@pytest.mark.parametrize("name", ENCODERS)
def test_the_module_has_an_encoder(name):
    module = importlib.import_module(f"diffresnet.encode.{ENCODERS[name]}")
    assert issubclass(module.ENCODER, Encoder)


def test_all_but_tfidf_are_pretrained():
    assert set(ENCODERS) == {"tfidf", *PRETRAINED}


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_missing_library_is_one_line_with_the_extra(name, monkeypatch):
    library, extra = PRETRAINED[name]
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError) as raised:
        encoder_of(f"{name}:some/model")
    assert raised.value.message == f'{library} is not installed: pip install "diffresnet[{extra}]"'
    assert raised.value.parameter == "encoder"


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_extra_is_one_of_the_project(name):
    from importlib.metadata import metadata

    assert PRETRAINED[name][1] in metadata("diffresnet").get_all("Provides-Extra")


@pytest.mark.parametrize("name", PRETRAINED)
def test_a_library_that_cannot_be_imported(name, monkeypatch, tmp_path):
    library, _ = PRETRAINED[name]
    (tmp_path / f"{library}.py").write_text("raise RuntimeError('built for\\nanother machine')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, library, raising=False)
    with pytest.raises(InputError, match="but cannot be imported: built for another machine"):
        encoder_of(f"{name}:some/model")
    (tmp_path / f"{library}.py").write_text("import no_such_dependency")
    importlib.invalidate_caches()
    sys.modules.pop(library, None)
    with pytest.raises(InputError, match="cannot be imported: no module named 'no_such_dep"):
        encoder_of(f"{name}:some/model")


@pytest.mark.parametrize("name", [*PRETRAINED, "backbone"])
def test_a_model_must_be_named(name):
    for spec in (name, f"{name}:"):
        with pytest.raises(InputError, match=f"name a model of {name}, as in '{name}:"):
            encoder_of(spec)


def test_what_is_no_encoder():
    for spec in ("nothing", "", "nothing:"):
        with pytest.raises(InputError, match=r"there is no encoder .*choose tfidf, sentence-tr"):
            encoder_of(spec)
    with pytest.raises(InputError, match="tfidf has no models"):
        encoder_of("tfidf:large")


def test_other_packages_add_encoders():
    assert {point.name for point in entry_points(group="diffresnet.encoders")} == {"backbone"}
    assert "backbone:MODEL, or MODULE:NAME" in choices()


def test_which_names_are_code_of_the_users():
    assert is_callable_spec("my_module:encode")
    for spec in ("tfidf", "timm:resnet18", "timm:hf-hub:timm/resnet18", "backbone:b", "nothing"):
        assert not is_callable_spec(spec)


def test_libraries_are_imported_when_they_are_asked_for():
    code = (
        "import sys; import diffresnet.encode as e; e.choices(); "
        "print({'torch', 'sklearn', 'PIL', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr

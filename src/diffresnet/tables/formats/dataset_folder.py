"""Data sets that Hugging Face's library saved: a folder of Arrow files and what they mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from ...errors import InputError
from ..content import Content, listed
from ..reading import one_line_errors
from .format import ReadFormat, columns_of


class DatasetFolder(ReadFormat):
    """A folder of `Dataset.save_to_disk`; numbered classes become their names, -1 a blank."""

    def read(self, path: Path) -> Content:
        if (path / "dataset_dict.json").exists():
            splits = sorted(p.name for p in path.iterdir() if (p / "state.json").exists())
            raise InputError(
                f"{str(path)!r} holds several data sets, {listed(splits)}; name the folder of one"
            )
        with one_line_errors(path, "it is no saved data set, or is damaged"):
            files = [path / _text(each, "filename") for each in _json(path / "state.json")]
            parts = []
            for file in files:
                with pa.memory_map(str(file)) as stream:
                    parts.append(pyarrow.ipc.open_stream(stream).read_all())
            table = pa.concat_tables(parts)
            table.validate(full=True)
            for name, classes in _class_names(path / "dataset_info.json").items():
                if name in table.column_names:
                    at = table.column_names.index(name)
                    table = table.set_column(at, name, _named(table[name], classes))
        return columns_of(table.replace_schema_metadata(None), path)


def _json(path: Path) -> list[Any]:
    state = json.loads(path.read_text(encoding="utf-8"))
    files = state.get("_data_files") if isinstance(state, dict) else None
    if not isinstance(files, list) or not files:
        raise ValueError("state.json names no files")
    return files


def _text(entry: Any, key: str) -> str:
    name = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError(f"state.json names no file in the folder: {entry!r}")
    return name


def _class_names(path: Path) -> dict[str, list[str]]:
    """Return the names of classes of each column of numbered ones."""
    if not path.exists():
        return {}
    info = json.loads(path.read_text(encoding="utf-8"))
    features = info.get("features") if isinstance(info, dict) else None
    return {
        name: [str(each) for each in feature["names"]]
        for name, feature in (features or {}).items()
        if isinstance(feature, dict)
        and feature.get("_type") == "ClassLabel"
        and isinstance(feature.get("names"), list)
    }


def _named(column: pa.ChunkedArray, names: list[str]) -> pa.DictionaryArray:
    """Return numbered classes as categories, null where there is none."""
    numbers = column.cast(pa.int64()).fill_null(-1).to_numpy()
    if numbers.size and (numbers.min() < -1 or numbers.max() >= len(names)):
        raise ValueError(f"a class is numbered {numbers.max()}, but {len(names)} have names")
    return pa.DictionaryArray.from_arrays(
        pa.array(numbers.astype(np.int32), mask=numbers < 0), pa.array(names, pa.string())
    )


FORMAT = DatasetFolder()

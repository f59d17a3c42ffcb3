"""Lists of image files with their classes, from folders and from the CSV files of splits."""

from __future__ import annotations

import csv
from pathlib import Path

from diffresnet.errors import InputError
from diffresnet.files.atomic import check_readable, reason
from diffresnet.tables.formats.image_folder import IMAGE_ENDINGS

LabelledFiles = list[tuple[Path, str | None]]
"""Files, each with the name of its class or None."""


def list_folder(root: Path) -> LabelledFiles:
    """List the images below a folder with a folder for each class, in sorted order.

    A folder that has images and no folders holds images whose class is not known.

    Raises
    ------
    InputError
        If there are no images, a class has none, or images lie beside the folders of classes.
    """
    classes = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    loose = sorted(p for p in root.iterdir() if _is_image(p))
    if not classes:
        if not loose:
            raise InputError(f"no images in {str(root)!r}: it needs a folder for each class")
        return [(path, None) for path in loose]
    if loose:
        raise InputError(
            f"{str(loose[0])!r} lies beside the folders of classes in {str(root)!r}; move it into "
            f"one of them"
        )
    files: LabelledFiles = []
    for folder in classes:
        images = sorted(path for path in folder.rglob("*") if _is_image(path))
        if not images:
            raise InputError(f"no images in {str(folder)!r}, which stands for a class; remove it")
        files += [(path, folder.name) for path in images]
    return files


def list_split(path: Path, root: Path | None = None) -> LabelledFiles:
    """List the images that a split names: a CSV file with columns `filename` and `label`.

    These are the columns of the standard splits of miniImageNet, tieredImageNet and CUB. A file is
    looked for as root/filename, then as root/label/filename.

    Parameters
    ----------
    root : Path, optional
        The folder of the images; `images` beside the CSV file if that is there, else its folder.

    Raises
    ------
    InputError
        If a column is missing, a row is empty, or a named file is not there.
    """
    check_readable(path, (".csv",))
    if root is None:
        root = path.parent / "images"
        root = root if root.is_dir() else path.parent
    if not root.is_dir():
        raise InputError(f"the folder of images {str(root)!r} does not exist")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            if not {"filename", "label"} <= set(columns):
                raise InputError(
                    f"{str(path)!r} needs the columns filename and label; it has "
                    f"{', '.join(columns) or 'none'}"
                )
            rows = [((r["filename"] or "").strip(), (r["label"] or "").strip()) for r in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {str(path)!r}: {reason(error)}") from error
    blank = next((i for i, (name, label) in enumerate(rows, 1) if not name or not label), None)
    if blank is not None:
        raise InputError(f"row {blank} of {str(path)!r} lacks a filename or a label")
    if not rows:
        raise InputError(f"{str(path)!r} names no images")
    files: LabelledFiles = []
    missing = []
    for number, (name, label) in enumerate(rows, 1):
        candidates = [file for file in (root / name, root / label / name) if file.is_file()]
        files += [(file, label) for file in candidates[:1]]
        if not candidates:
            missing.append((number, name))
    if missing:
        number, name = missing[0]
        raise InputError(
            f"row {number} of {str(path)!r} names {name!r}, which is not in {str(root)!r} "
            f"({len(missing)} of {len(rows)} files are missing)"
        )
    return files


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_ENDINGS and not path.name.startswith(".") and path.is_file()

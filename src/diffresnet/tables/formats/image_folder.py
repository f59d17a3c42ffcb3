"""Folders of images, in a folder for each class or loose, as a table of their names."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ...errors import InputError
from ..content import Content
from .format import ReadFormat, columns_of

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
"""Endings of the names of images, in small letters."""
FILE_COLUMN = "file"
UNLABELLED_FOLDERS = ("unlabelled", "unlabeled")
"""Names of folders, in lower case, whose images have no label, as loose ones have none."""


class ImageFolder(ReadFormat):
    """A folder for each class; images beside them, or in a folder "unlabelled", have no label."""

    def read(self, path: Path) -> Content:
        files = image_files(path)
        table = {
            FILE_COLUMN: [file.as_posix() for file in files],
            "label": pa.array([_class_of(file) for file in files], pa.string()),
        }
        return columns_of(pa.table(table), path)


def image_files(path: Path) -> list[Path]:
    """Return the images in a folder and its folders, relative to it and in order.

    Raises
    ------
    InputError
        If there are none.
    """
    files = sorted(each.relative_to(path) for each in path.rglob("*") if _is_image(each, path))
    if not files:
        raise InputError(
            f"no images in {str(path)!r}, which is no saved data set either; name a file, a "
            f"folder of images, or one of tables of one format alone"
        )
    return files


def _is_image(path: Path, root: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
    return path.suffix.lower() in IMAGE_ENDINGS and not hidden and path.is_file()


def _class_of(file: Path) -> str | None:
    folder = file.parts[0] if len(file.parts) > 1 else ""
    return None if folder.lower() in ("", *UNLABELLED_FOLDERS) else folder


FORMAT = ImageFolder()

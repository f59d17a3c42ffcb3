import sys

import numpy as np
import pytest
from PIL import Image

from diffresnet.encode.images import BrokenImageError, file_digest, read_image
from diffresnet.errors import InputError
from encode_cases import png


def saved(path, image, **settings):
    image.save(path, **settings)
    return path


def middle(image):
    return np.asarray(image)[image.height // 2, image.width // 2]


def test_the_exif_orientation_is_applied(tmp_path):
    image = Image.new("RGB", (8, 4), "black")
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    read = read_image(saved(tmp_path / "a.png", image, exif=exif))
    assert read.size == (4, 8)
    assert read.getpixel((3, 0)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "colour", "suffix", "expected"),
    [
        ("RGB", (10, 20, 30), "png", (10, 20, 30)),
        ("L", 77, "png", 77),
        ("1", 1, "png", 255),
        ("LA", (77, 255), "png", 77),
        ("LA", (77, 0), "png", 255),
        ("RGBA", (10, 20, 30, 255), "png", (10, 20, 30)),
        ("RGBA", (10, 20, 30, 0), "png", (255, 255, 255)),
        ("P", 0, "png", (0, 0, 0)),
        ("CMYK", (0, 255, 255, 0), "tif", (255, 0, 0)),
        ("I;16", 65535, "png", 255),
        ("I;16", 257 * 100, "png", 100),
        ("I;16", 0, "png", 0),
        ("I", 200, "tif", 200),
        ("I", 65535, "tif", 255),
        ("F", 0.5, "tif", 128),
        ("F", 200.0, "tif", 200),
    ],
)
def test_every_mode_has_eight_bits(tmp_path, mode, colour, suffix, expected):
    image = read_image(png(tmp_path / f"a.{suffix}", colour, mode=mode))
    assert image.mode == ("RGB" if isinstance(expected, tuple) else "L")
    np.testing.assert_array_equal(middle(image), expected)


def test_a_transparent_colour_of_a_palette(tmp_path):
    image = Image.new("P", (4, 4), 3)
    image.putpalette([200, 0, 0] * 256)
    path = saved(tmp_path / "a.png", image, transparency=3)
    np.testing.assert_array_equal(middle(read_image(path)), [255, 255, 255])


def test_the_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert middle(read_image(tmp_path / "a.gif").convert("RGB"))[0] > 200


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_large_images_are_reduced_to_the_side(tmp_path, suffix):
    path = png(tmp_path / f"a.{suffix}", size=(400, 200))
    assert read_image(path).size == (400, 200)
    assert read_image(path, side=50).size == (100, 50)
    assert read_image(path, side=500).size == (400, 200)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_broken_files(tmp_path, monkeypatch):
    whole = png(tmp_path / "a.png", size=(300, 300)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:100])
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "page.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    for name in ("cut.png", "text.png", "empty.png", "page.png", "missing.png"):
        with pytest.raises(BrokenImageError, match=r"^[^\n]+$"):
            read_image(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60_000)
    with pytest.raises(BrokenImageError, match="300 x 300 pixels are more than is safe"):
        read_image(tmp_path / "a.png")


def test_the_digest_of_a_file(tmp_path):
    a, b = png(tmp_path / "a.png"), png(tmp_path / "b.png")
    assert file_digest(a) == file_digest(b)
    assert len(file_digest(a)) == 16
    assert file_digest(a) != file_digest(png(tmp_path / "c.png", (1, 1, 1)))
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BrokenImageError):
            file_digest(path)


def test_without_pillow(tmp_path, monkeypatch):
    path = png(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InputError, match="image files need Pillow: pip install pillow"):
        read_image(path)

import numpy as np
import pytest
from PIL import Image

from diffresnet.errors import InputError
from diffresnet_lab.data.images import read_images
from diffresnet_lab.data.images.resizing import MAX_ASPECT_RATIO, resize_and_crop


def save(path, colour, size=(12, 9), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    for name, colour in (("bird", (255, 0, 0)), ("ant", (0, 0, 255))):
        for i in range(3):
            save(root / name / f"{i}.png", colour)
    return root


@pytest.fixture
def split(folder):
    """The standard columns, with images in one folder beside the CSV."""
    for path in folder.glob("*/*.png"):
        (folder.parent / "images").mkdir(exist_ok=True)
        path.rename(folder.parent / "images" / f"{path.parent.name}{path.name}")
    csv = folder.parent / "train.csv"
    csv.write_text("filename,label\nbird0.png,n01\nbird1.png,n01\nant2.png,n02\n")
    return csv


def test_a_folder_for_each_class(folder):
    data = read_images([folder], size=6)
    assert data.images.shape == (6, 6, 6, 3)
    assert data.class_names == ("ant", "bird")
    np.testing.assert_array_equal(data.labels, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(data.images[0, 3, 3], [0, 0, 255])
    assert data.skipped == ()


def test_loose_images_have_no_class(folder):
    data = read_images([folder / "ant"], size=6)
    np.testing.assert_array_equal(data.labels, [-1, -1, -1])
    assert data.class_names == ()


def test_a_split(split):
    data = read_images([split], size=6)
    assert data.class_names == ("n01", "n02")
    np.testing.assert_array_equal(data.labels, [0, 0, 1])
    np.testing.assert_array_equal(data.images[2, 0, 0], [0, 0, 255])


def test_a_split_with_a_root_of_folders(folder):
    csv = folder.parent / "val.csv"
    csv.write_text("label,filename\nbird,2.png\nant,0.png\n")
    data = read_images([csv], root=folder, size=6)
    np.testing.assert_array_equal(data.images[0, 0, 0], [255, 0, 0])


def test_broken_images_are_skipped_and_named_or_an_error(folder):
    bad = folder / "ant" / "1.png"
    bad.write_bytes(bad.read_bytes()[:40])
    (folder / "bird" / "0.png").write_text("no image")
    data = read_images([folder], size=6)
    np.testing.assert_array_equal(data.labels, [0, 0, 1, 1])
    assert data.skipped == (str(bad), str(folder / "bird" / "0.png"))
    with pytest.raises(InputError, match=r"cannot decode '.*1\.png'"):
        read_images([folder], size=6, strict=True)


def test_a_film_of_pixels_is_no_bomb(folder, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(InputError, match="none of 6 image files can be decoded"):
        read_images([folder], size=6)


def test_grey_stays_grey_unless_asked(tmp_path):
    for i in range(2):
        save(tmp_path / "g" / "a" / f"{i}.png", 100 + i, mode="L")
    assert read_images([tmp_path / "g"], size=6).images.shape == (2, 6, 6, 1)
    assert read_images([tmp_path / "g"], size=6, channels=3).images.shape == (2, 6, 6, 3)


def test_the_shorter_side_is_resized_and_the_centre_kept(tmp_path):
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    (tmp_path / "a").mkdir()
    Image.fromarray(picture).save(tmp_path / "a" / "wide.png")
    data = read_images([tmp_path], size=10)
    np.testing.assert_array_equal(data.images[0], picture[:, 10:20])


@pytest.mark.parametrize("upright", [False, True])
def test_a_strip_is_cut_before_it_grows(upright):
    # Resized whole, it would be 84 x 84 x 300,000 pixels.
    strip = np.zeros((1, 300_000, 1, 1), np.uint8)
    strip[:, 150_000] = 200
    cropped = resize_and_crop(strip if upright else strip.transpose(0, 2, 1, 3), 84)
    assert cropped.shape == (1, 84, 84, 1)
    assert cropped.min() < 10
    assert cropped.max() > 190


def test_a_panorama_is_cut_in_its_middle():
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, (2, 8, 8 * MAX_ASPECT_RATIO, 3), np.uint8)
    longer = np.pad(wide, ((0, 0), (0, 0), (80, 80), (0, 0)), constant_values=255)
    np.testing.assert_array_equal(resize_and_crop(longer, 6), resize_and_crop(wide, 6))


def test_arrays_of_every_form(tmp_path):
    rng = np.random.default_rng(0)
    bits = rng.random((3, 4, 8, 8)) > 0.5
    np.savez(tmp_path / "bits.npz", images=bits, labels=np.repeat(np.arange(3)[:, None], 4, 1))
    data = read_images([tmp_path / "bits.npz"])
    assert data.images.shape == (12, 8, 8, 1)
    np.testing.assert_array_equal(data.images[..., 0] == 255, bits.reshape(12, 8, 8))
    np.testing.assert_array_equal(data.labels, np.repeat([0, 1, 2], 4))
    assert data.class_names == ("0", "1", "2")
    np.savez(tmp_path / "rgb.npz", images=np.full((2, 8, 8, 3), 7, np.uint8))
    np.testing.assert_array_equal(read_images([tmp_path / "rgb.npz"]).labels, [-1, -1])
    grey = read_images([tmp_path / "rgb.npz"], channels=1)
    np.testing.assert_array_equal(grey.images, np.full((2, 8, 8, 1), 7))


def test_halves_of_one_set_meet_by_the_names_select_classes(tmp_path):
    for part, names in (("a", ["cat", "dog"]), ("b", ["eel", "cat"])):
        np.savez(
            tmp_path / f"{part}.npz",
            images=np.zeros((2, 4, 4), np.uint8),
            labels=np.array([0, 1], np.int16),
            class_names=np.array(names),
        )
    data = read_images([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert data.class_names == ("cat", "dog", "eel")
    np.testing.assert_array_equal(data.labels, [0, 1, 2, 0])


def test_gaps_among_numbers_are_no_classes(tmp_path):
    labels = np.array([7, -1, 3])
    np.savez(tmp_path / "x.npz", images=np.zeros((3, 4, 4), np.uint8), labels=labels)
    data = read_images([tmp_path / "x.npz"])
    assert data.class_names == ("3", "7")
    np.testing.assert_array_equal(data.labels, [1, -1, 0])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("filename,label\nbird0.png,a\ngone.png,b\n", "row 2 of .* names 'gone.png'.*1 of 2 files"),
        ("file,label\nx,a\n", "needs the columns filename and label; it has file, label"),
        ("filename,label\n", "names no images"),
        ("filename,label\nbird0.png,\n", "row 1 of .* lacks"),
        ("filename,label\nbird0.png\n", "row 1 of .* lacks"),
    ],
)
def test_a_bad_split_is_one_line(split, text, line):
    split.write_text(text)
    with pytest.raises(InputError, match=line) as caught:
        read_images([split], size=6)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        ({"pixels": np.zeros(3)}, "has no array 'images'; it holds pixels"),
        ({"images": np.zeros((2, 4, 4))}, "save them as uint8 or bool"),
        ({"images": np.zeros((2, 4, 4, 2), np.uint8)}, "channels 1 or 3"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.zeros(3, int)}, "must be"),
        ({"images": np.zeros((2, 4, 6), np.uint8)}, "not square; give a size"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array([0.0, 1])}, "integers"),
        ({"images": np.zeros((2, 4, 4), np.uint8), "labels": np.array([0, -2])}, "use -1"),
        (
            {
                "images": np.zeros((2, 4, 4), np.uint8),
                "labels": np.array([0, 1]),
                "class_names": np.array(["a"]),
            },
            "every label needs a name",
        ),
    ],
)
def test_bad_arrays_are_one_line(tmp_path, arrays, line):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError, match=line):
        read_images([tmp_path / "x.npz"])


def test_what_is_not_there_or_no_set_of_images(tmp_path, folder):
    with pytest.raises(InputError, match="no such file"):
        read_images([tmp_path / "nowhere"])
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(InputError, match=r"a folder$"):
        read_images([tmp_path / "x.txt"])
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(InputError, match="stands for a class"):
        read_images([tmp_path / "empty"])
    with pytest.raises(InputError, match="give a size"):
        read_images([folder])
    save(folder / "loose.png", 0)
    with pytest.raises(InputError, match="lies beside the folders"):
        read_images([folder], size=6)


def test_names_of_bytes_are_texts(tmp_path):
    images = np.zeros((2, 4, 4), np.uint8)
    names = np.array([b"cat", b"dog"])
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([0, 1]), class_names=names)
    assert read_images([tmp_path / "x.npz"]).class_names == ("cat", "dog")

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffresnet.errors import InputError
from diffresnet_lab.data.images import ImageSet, join_image_sets


def numbered(classes, each=2):
    """Images whose pixels tell their class."""
    labels = np.repeat(np.arange(classes), each)
    images = np.broadcast_to(labels[:, None, None, None], (classes * each, 4, 4, 1))
    names = tuple(f"c{c}" for c in range(classes))
    return ImageSet(images.astype(np.uint8), labels, names)


@given(st.integers(4, 30), st.data())
def test_holding_out_splits_the_classes(classes, data):
    count = data.draw(st.integers(1, classes - 2))
    whole = numbered(classes)
    kept, held = whole.hold_out_classes(count, seed=3)
    assert len(held.class_names) == count
    assert sorted(kept.class_names + held.class_names) == sorted(whole.class_names)
    for part in (kept, held):
        names = [f"c{value}" for value in part.images[:, 0, 0, 0]]
        assert names == [part.class_names[label] for label in part.labels]
        assert set(part.labels) == set(range(len(part.class_names)))


def test_what_is_held_out_is_a_matter_of_the_seed():
    whole = numbered(20)
    first = whole.hold_out_classes(5, seed=0)[1].class_names
    assert first == whole.hold_out_classes(5, seed=0)[1].class_names
    assert first != whole.hold_out_classes(5, seed=1)[1].class_names


def test_unlabelled_images_are_of_no_class():
    whole = numbered(3)
    labels = whole.labels.copy()
    labels[0] = -1
    part = ImageSet(whole.images, labels, whole.class_names).select_classes(["c2", "c0"])
    np.testing.assert_array_equal(part.labels, [1, 0, 0])
    with pytest.raises(InputError, match="no images of class 'x'"):
        whole.select_classes(["x"])


def test_classes_without_images_are_passed_over():
    whole = numbered(4)
    labels = np.where(whole.labels == 1, -1, whole.labels)
    part = ImageSet(whole.images, labels, whole.class_names).drop_empty_classes()
    assert part.class_names == ("c0", "c2", "c3")
    np.testing.assert_array_equal(part.labels, [0, 0, -1, -1, 1, 1, 2, 2])
    assert part.images is whole.images
    assert ImageSet(whole.images, np.full(8, -1), ("a",)).drop_empty_classes().class_names == ()


@pytest.mark.parametrize("count", [0, 2, 3])
def test_two_classes_remain(count):
    with pytest.raises(InputError, match="cannot be held out: 1 or more must be, 2 must remain"):
        numbered(3).hold_out_classes(count, 0)


def test_parts_of_different_shapes_do_not_join():
    small = numbered(2)
    large = ImageSet(np.zeros((2, 8, 8, 1), np.uint8), np.array([0, 1]), ("a", "b"))
    with pytest.raises(InputError, match="4 x 4 x 1 and 8 x 8 x 1"):
        join_image_sets([small, large])

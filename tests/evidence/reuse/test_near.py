"""Near-copies: the same photo under what messengers do to it, different photos apart, and an index that misses nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from huiliu.evidence.inspection.picture import Bytes
from huiliu.evidence.reuse.near import NEAR_FOUND_MAX, NearIndex, distance, near_hash
from huiliu.evidence.reuse.verdict import NEAR_BITS_MAX


def photo(seed: int, *, width: int = 800, height: int = 600) -> Bytes:
    """Something with the big soft shapes and small detail of a camera photo."""
    noise = np.random.default_rng(seed)
    coarse = cv2.resize(noise.integers(0, 256, (9, 12), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(noise.integers(0, 60, (60, 80), dtype=np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.addWeighted(coarse, 0.8, fine, 0.5, 0), dtype=np.uint8)


def recompressed(picture: Bytes) -> Bytes:
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 35])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def smaller(picture: Bytes) -> Bytes:
    return np.asarray(cv2.resize(picture, (480, 360), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def brighter(picture: Bytes) -> Bytes:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=1.1, beta=10), dtype=np.uint8)


def trimmed(picture: Bytes) -> Bytes:
    return np.ascontiguousarray(picture[3:-3, 4:-4])


@pytest.mark.parametrize("copied", [recompressed, smaller, brighter, trimmed])
def test_a_copied_photo_stays_near(copied: object) -> None:
    assert callable(copied)
    for seed in range(6):
        original = photo(seed)
        copy = near_hash(copied(original))
        assert copy.is_telling
        assert distance(copy.bits, near_hash(original).bits) <= NEAR_BITS_MAX


def test_different_photos_are_far_apart() -> None:
    hashes = [near_hash(photo(seed)).bits for seed in range(40)]
    apart = [distance(one, other) for at, one in enumerate(hashes) for other in hashes[:at]]

    assert min(apart) > 2 * NEAR_BITS_MAX


def test_a_mirrored_photo_is_found_by_its_mirrored_hash() -> None:
    original, mirrored = near_hash(photo(1)), near_hash(np.ascontiguousarray(photo(1)[:, ::-1]))

    assert distance(original.mirrored, mirrored.bits) <= 8
    assert distance(original.bits, mirrored.bits) > 2 * NEAR_BITS_MAX


def test_a_flat_picture_abstains() -> None:
    assert not near_hash(np.full((600, 800), 200, dtype=np.uint8)).is_telling
    assert near_hash(photo(1)).is_telling


def test_a_one_pixel_picture_has_a_hash() -> None:
    assert len(near_hash(np.zeros((1, 1), dtype=np.uint8)).bits) == 32


def test_the_index_agrees_with_counting_bits_one_by_one() -> None:
    random = np.random.default_rng(5)
    rows = random.integers(0, 256, (3000, 32), dtype=np.uint8)
    centre = rows[17].copy()
    for at in range(200):  # around one hash, at every distance up to 60
        near = centre.copy()
        for bit in random.choice(256, at % 61, replace=False):
            near[bit // 8] ^= 1 << (bit % 8)
        rows[100 + at] = near
    index = NearIndex()
    index.add(list(range(3000)), rows)
    wanted = {
        at: apart
        for at, row in enumerate(rows)
        if (apart := distance(row.tobytes(), centre.tobytes())) <= NEAR_BITS_MAX
    }

    found = index.near([centre.tobytes()])

    assert dict(found) == wanted
    assert [apart for _, apart in found] == sorted(wanted.values())
    assert NEAR_BITS_MAX in wanted.values()


def test_what_is_removed_is_not_found_again_and_the_rest_is() -> None:
    index, one, other = NearIndex(), near_hash(photo(1)).bits, near_hash(photo(2)).bits
    index.add([1, 2, 1], [one, other, other])

    assert index.near([one, other]) == ((1, 0), (2, 0))
    assert index.remove([1]) == 2
    assert (len(index), index.near([one, other])) == (1, ((2, 0),))
    assert index.remove([1]) == 0


def test_an_empty_index_and_an_empty_question_find_nothing() -> None:
    index = NearIndex()
    assert index.near([bytes(32)]) == ()
    index.add([], [])
    index.add([3], [bytes(32)])
    assert index.near([]) == ()
    assert index.near([bytes(32)]) == ((3, 0),)


def test_more_copies_than_anyone_reads_are_cut_off() -> None:
    index = NearIndex()
    index.add(list(range(NEAR_FOUND_MAX + 50)), [bytes(32)] * (NEAR_FOUND_MAX + 50))

    assert len(index.near([bytes(32)])) == NEAR_FOUND_MAX

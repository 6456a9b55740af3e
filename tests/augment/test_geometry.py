import numpy as np
import pytest
import tensorflow as tf

from tfdogs.augment import geometry
from tfdogs.augment.draws import Draws


def warped(image, matrix):
    """Applies one matrix to one image [H, W], as arrays."""
    x = tf.constant(image, tf.float32)[None, ..., None]
    return geometry.warp(x, tf.constant(matrix, tf.float32)[None])[0, ..., 0].numpy()


def matrix(linear=((1, 0), (0, 1)), shift=(0, 0)):
    return np.block([[np.array(linear), np.array(shift)[:, None]], [np.zeros((1, 2)), np.ones((1, 1))]])


PICTURE = np.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize(
    ("linear", "expected"),
    [
        (((1, 0), (0, 1)), PICTURE),
        (((-1, 0), (0, 1)), PICTURE[:, ::-1]),
        (((-1, 0), (0, -1)), np.rot90(PICTURE, 2)),
        (((0, -1), (1, 0)), np.rot90(PICTURE, 1)),
        (((0, 1), (-1, 0)), np.rot90(PICTURE, 3)),
    ],
)
def test_mirrors_and_right_angles_are_exact(linear, expected):
    np.testing.assert_array_equal(warped(PICTURE, matrix(linear)), expected)


@pytest.mark.parametrize("shift", [(1, 0), (0, 3), (-2, 1), (9, -14)])
def test_shifts_by_whole_pixels_reveal_the_reflection(shift):
    plane = np.pad(PICTURE, 16, mode="symmetric")
    x, y = shift
    np.testing.assert_array_equal(
        warped(PICTURE, matrix(shift=shift)), plane[16 + y : 20 + y, 16 + x : 20 + x]
    )


def test_between_pixels_it_is_linear():
    out = warped(PICTURE, matrix(shift=(0.25, -0.5)))
    plane = np.pad(PICTURE, 1, mode="symmetric")
    rows = 0.5 * plane[:-2] + 0.5 * plane[1:-1]
    np.testing.assert_allclose(out, 0.75 * rows[:, 1:-1] + 0.25 * rows[:, 2:], atol=1e-6)
    halved = warped(np.arange(8.0)[None].repeat(8, 0), matrix(((2, 0), (0, 2))))
    np.testing.assert_allclose(halved[4, 2:6], [0.5, 2.5, 4.5, 6.5])


def test_oblong_pictures_are_warped_about_their_centre():
    wide = np.arange(15.0).reshape(3, 5)
    np.testing.assert_array_equal(warped(wide, matrix(((-1, 0), (0, -1)))), wide[::-1, ::-1])


@pytest.mark.parametrize("draw", [geometry.blit, geometry.move])
def test_gradient_to_second_order(draw, images, noise, same_slope):
    x = images(3, 8)

    def augment(x):
        return geometry.warp(x, compose(draw(Draws(noise(2), 3, 1.0), 8, 8)))

    same_slope(augment, x)

    # The adjoint is linear as well: its own gradient is the warp.
    def spread(upstream):
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_sum(augment(x) * upstream)
        return tape.gradient(value, x)

    same_slope(spread, images(3, 8, seed=4))


def compose(matrices):
    product = matrices[0]
    for factor in matrices[1:]:
        product = product @ factor
    return product


def test_nothing_moves_at_p_zero(noise):
    draws = Draws(noise(), 5, 0.0)
    for one in geometry.blit(draws, 16, 16) + geometry.move(draws, 16, 16):
        np.testing.assert_array_equal(one, np.tile(np.eye(3), (5, 1, 1)))


def test_how_far_blit_goes(noise):
    mirror, turn, shift = (m.numpy() for m in geometry.blit(Draws(noise(), 2000, 1.0), 32, 64))
    assert abs((mirror[:, 0, 0] == -1).mean() - 0.5) < 0.04
    angles = np.degrees(np.arctan2(turn[:, 1, 0], turn[:, 0, 0])).round().astype(int) % 360
    values, counts = np.unique(angles, return_counts=True)
    assert values.tolist() == [0, 90, 180, 270] and abs(counts / 2000 - 0.25).max() < 0.04
    np.testing.assert_array_equal(shift, shift.round())
    assert abs(shift[:, 0, 2]).max() == 8 and abs(shift[:, 1, 2]).max() == 4  # an eighth of each side


def test_how_far_geometry_goes(noise):
    scale, before, stretch, after, shift = (
        m.numpy() for m in geometry.move(Draws(noise(), 4000, 1.0), 32, 64)
    )
    assert abs(np.log2(scale[:, 0, 0]).std() - 0.2) < 0.02
    np.testing.assert_array_equal(scale[:, 0, 0], scale[:, 1, 1])
    np.testing.assert_allclose(stretch[:, 0, 0] * stretch[:, 1, 1], 1, rtol=1e-6)
    assert abs(np.log2(stretch[:, 0, 0]).std() - 0.2) < 0.02
    for turn in (before, after):
        np.testing.assert_allclose(np.linalg.det(turn), 1, atol=1e-6)
        angles = np.arctan2(turn[:, 1, 0], turn[:, 0, 0])
        assert abs(angles.mean()) < 0.1 and abs(angles.std() - 2 * np.pi / np.sqrt(12)) < 0.1
    assert abs(shift[:, 0, 2].std() - 8) < 0.5 and abs(shift[:, 1, 2].std() - 4) < 0.25


def test_one_of_the_two_turns_happens_with_probability_p(noise):
    _, before, _, after, _ = geometry.move(Draws(noise(), 4000, 0.3), 32, 32)
    turned = [(m[:, 0, 1].numpy() != 0) for m in (before, after)]
    assert abs((turned[0] | turned[1]).mean() - 0.3) < 0.03


def test_as_long_as_some_are_spared_the_upright_ones_are_the_most(noise):
    # What keeps the generator from learning to draw augmentations (Karras et al. 2020, section 2.2).
    mirror, turn, _ = (m.numpy() for m in geometry.blit(Draws(noise(), 4000, 0.8), 32, 32))
    upright = (mirror[:, 0, 0] == 1).mean(), (turn[:, 0, 0] == 1).mean()
    assert abs(upright[0] - 0.6) < 0.03 and abs(upright[1] - 0.4) < 0.03

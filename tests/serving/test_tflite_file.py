import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfdogs.errors import TfdogsError
from tfdogs.models.gan import GAN
from tfdogs.serving import tflite_file


def test_tflite_and_keras_agree(gan, tmp_path, capfd):
    path = tmp_path / "generator.tflite"
    tflite_file.write(gan, path)
    assert capfd.readouterr() == ("", "")
    run = tf.lite.Interpreter(str(path)).get_signature_runner("serving_default")
    seeds = np.arange(100)
    images = run(z=gan.sampler.latents(seeds), label=(seeds % 3).astype(np.int32))["images"]
    difference = np.abs(images.astype(int) - gan.generate(100))
    most, share = difference.max(), np.mean(difference > 0)
    print(f"TFLite against Keras on 100 seeds: at most {most} of 255, {share:.1e} of the values differ")
    assert images.dtype == np.uint8 and most <= 1 and share < 1e-3


def test_a_bare_interpreter_can_be_resized(plain_gan, tmp_path):
    path = tmp_path / "generator.tflite"
    tflite_file.write(plain_gan, path)
    interpreter = tf.lite.Interpreter(str(path))
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    for rows in (1, 5):
        interpreter.resize_tensor_input(source["index"], [rows, 6])
        interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], plain_gan.sampler.latents(range(rows)))
        interpreter.invoke()
        images = interpreter.get_tensor(target["index"])
        np.testing.assert_allclose(images.astype(int), plain_gan.generate(rows).astype(int), rtol=0, atol=1)


def test_an_operation_that_tflite_lacks(tmp_path):
    def special(x):
        return tf.reshape(tf.tanh(tf.math.bessel_i0e(x)), [-1, 4, 4, 3])

    generator = keras.Sequential([keras.Input((48,)), layers.Lambda(special)])
    critic = keras.Sequential([keras.Input((4, 4, 3)), layers.Flatten(), layers.Dense(1)])
    gan = GAN(generator=generator, discriminator=critic, ema=None)
    with pytest.raises(TfdogsError, match="cannot be written for TensorFlow Lite: ") as caught:
        tflite_file.write(gan, tmp_path / "generator.tflite")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())

"""From a configuration to a compiled GAN."""

import keras

from tfdogs import augment
from tfdogs.losses import lazy
from tfdogs.losses.consistency import Consistency
from tfdogs.losses.dragan import DRAGAN
from tfdogs.losses.gradient_penalty import GradientPenalty
from tfdogs.losses.lecam import LeCam
from tfdogs.losses.orthogonal import Orthogonal
from tfdogs.losses.path_length import PathLength
from tfdogs.losses.r1 import R1
from tfdogs.losses.r2 import R2
from tfdogs.losses.reconstruction import Reconstruction
from tfdogs.losses.top_k import TopK
from tfdogs.models import registry
from tfdogs.models.gan import GAN
from tfdogs.training import precision, threads
from tfdogs.training.adam import FusedAdam
from tfdogs.training.ema import EMA
from tfdogs.training.posthoc import TRACKED
from tfdogs.training.power_ema import PowerEMA
from tfdogs.training.scheduled_adam import ScheduledAdam
from tfdogs.training.schedules import Cosine, Linear


def build(config, card, *, synchronized=False):
    """Builds a compiled GAN, its weights drawn from `config.seed`.

    Args:
        config: `TrainConfig`.
        card: `tfdogs.training.run.DataCard`.
        synchronized: whether BatchNorm takes the statistics of the global batch, over all replicas, and not
            each replica those of its own images.

    Raises:
        UsageError: the model can't do the data's image size, or the data has no classes to condition on, or
            the discriminator has fewer layers than are to be frozen.
    """
    if config.conditional and not card.classes:
        config.reject("conditional", "needs data with classes, and this data_dir has none")
    keras.utils.set_random_seed(config.seed)
    generator, discriminator = registry.build(
        config.model,
        image_size=card.image_size,
        channels=card.channels,
        latent_dim=config.latent_dim,
        num_classes=len(card.classes) if config.conditional else 0,
        g_channels=config.g_channels,
        d_channels=config.d_channels,
        freeze_d=config.freeze_d,
        dtype=precision.policy(config.precision),
        **config.network_options,
    )
    if synchronized:
        _synchronize(generator, discriminator)
    gan = GAN(
        generator=generator,
        discriminator=discriminator,
        loss=config.loss,
        label_smoothing=config.label_smoothing,
        auxiliary=config.auxiliary,
        regularizers=list(_regularizers(config)),
        augment=_augment(config, card),
        instance_noise=_instance_noise(config),
        top_k=TopK(config.top_k, kimg=config.top_k_kimg) if config.top_k < 1 else None,
        ema=_ema(config),
        tracks=[PowerEMA(length) for length in TRACKED] if config.ema_snapshot_kimg else (),
        d_steps=config.d_steps,
        simultaneous=config.simultaneous,
        latent=config.latent,
        seed=config.seed,
    )
    g_ratio, d_ratio = (lazy.ratio(gan.regularizers, name) for name in ("generator", "discriminator"))
    gan.compile(
        g_optimizer=_adam(config, config.g_lr, config.batch_size * config.d_steps, ratio=g_ratio),
        d_optimizer=_adam(config, config.d_lr, config.batch_size, ratio=d_ratio),
        steps_per_execution=threads.steps_to_a_call(config, card.image_size),
        jit_compile=config.xla,
    )
    return gan


def _synchronize(*networks):
    for network in networks:
        for layer in network.submodules:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized, layer.fused = True, False  # Keras has no fused kernel for it


def _regularizers(config):
    decay, before = None, config.penalty_before_augment
    if config.schedule_kimg and config.penalty_end != 1:
        decay = Cosine(1.0, config.penalty_end, config.schedule_kimg)
    if config.gradient_penalty:
        yield GradientPenalty(config.gradient_penalty)
    if config.dragan:
        yield DRAGAN(config.dragan)
    if config.r1:
        yield R1(config.r1, before_augmentation=before, interval=config.r1_interval, schedule=decay)
    if config.r2:
        yield R2(config.r2, before_augmentation=before, interval=config.r2_interval, schedule=decay)
    if config.lecam:
        yield LeCam(config.lecam, start_kimg=config.lecam_start_kimg)
    if config.consistency:
        yield Consistency(config.consistency, config.consistency)
    for network in ("generator", "discriminator"):
        weight = getattr(config, f"{network[0]}_orthogonal")
        if weight:
            yield Orthogonal(weight, network=network)
    if config.path_length:
        yield PathLength(config.path_length, interval=config.path_length_interval)
    if config.reconstruction:
        yield Reconstruction(config.reconstruction)


def _augment(config, card):
    options = {}
    if augment.parse(config.augment)[0] == "ada":
        options = {"target": config.ada_target, "kimg": config.ada_kimg, "initial_p": config.ada_p}
        if config.ada_p_end:
            schedule = Cosine(config.ada_p, config.ada_p_end, config.schedule_kimg)
            options = {"kimg": 0.0, "schedule": schedule}
    return augment.get(config.augment, num_images=card.num_images, **options)


def _instance_noise(config):
    if config.instance_noise_kimg:
        return Linear(config.instance_noise, 0.0, config.instance_noise_kimg)
    return config.instance_noise


def _ema(config):
    if not config.ema_kimg:
        return None
    if config.init_from:
        # Ramp-up and schedule forget initial weights at once; here they are an average (StyleGAN2-ADA's too).
        return EMA(config.ema_kimg, rampup=None)
    if config.ema_start == 1 or not config.schedule_kimg:
        return EMA(config.ema_kimg)
    # The schedule is the ramp-up: another one beside it would hold the average short for long after.
    return EMA(config.ema_kimg, rampup=None, schedule=Cosine(config.ema_start, 1.0, config.schedule_kimg))


def _adam(config, rate, images_per_step, *, ratio):
    """Returns Adam as the flags have it, rescaled by a `lazy.ratio`."""
    rate, beta1, beta2 = ratio * rate, config.beta1**ratio, config.beta2**ratio
    if not config.schedule_kimg:
        return FusedAdam(rate, beta1, beta2)

    def course(start, end):
        return start if start == end else Cosine(start, end, config.schedule_kimg)

    return ScheduledAdam(
        course(rate, rate * config.lr_end),
        beta1,
        course(beta2, (config.beta2_end or config.beta2) ** ratio),
        images_per_step=ratio * images_per_step,
    )

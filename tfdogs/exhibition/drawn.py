"""A show of what a run draws."""

from pathlib import Path

from tfdogs.exhibition import curation, film, scored
from tfdogs.exhibition.exhibits import hang
from tfdogs.metrics import extractors, history
from tfdogs.progress import Progress
from tfdogs.sampling import generation
from tfdogs.sampling.drawing import Drawing
from tfdogs.sampling.facts import last_part, run_card
from tfdogs.sampling.seeds import Seeds
from tfdogs.sampling.story import Story
from tfdogs.training.config import TrainConfig


class Drawn:
    """What a run draws, and what there is to say of it.

    Nothing of TensorFlow is imported before `open`.

    Args:
        config: `tfdogs.exhibition.config.GalleryConfig` with `model_dir`.

    Attributes:
        count: images to choose from, before any is left out by hand.
        left_out: how many of them are.
        data_dir: path of the data that the run was trained on.

    Raises:
        UsageError: it is no run, or `drop` names what is not there, or leaves nothing.
        TfdogsError: the run's evaluations are damaged.
    """

    generated = True

    def __init__(self, config):
        generation.check_run(config)
        self._config = config
        self._run, self._run_config = None, TrainConfig.load(Path(config.model_dir, "config.json"))
        self.data_dir = self._run_config.data_dir
        stranger = curation.strangers(config.dropped, config.all_seeds)
        if stranger:
            config.reject("drop", f"must be among the seeds {config.all_seeds}, and {stranger} is not")
        self._seeds = curation.without(config.all_seeds, config.dropped)
        if not self._seeds.count:
            config.reject("drop", "leaves no image")
        self.count = config.all_seeds.count
        self.left_out = self.count - self._seeds.count
        self._evaluations = history.read(Path(config.model_dir, history.FILE_NAME))
        self._story = Story.read(config.model_dir)

    def open(self, run=None):
        """Reads the run back, unless it is given as a `tfdogs.training.run.LoadedRun`.

        Raises:
            UsageError: it has no checkpoint, no best generator, no snapshots for such an average, or no such
                class.
            TfdogsError: it is damaged.
        """
        self._run = generation.load_run(self._config) if run is None else run
        self._label = generation.label_index(self._config, self._run)

    def hang(self, folder, *, extractor=None):
        """Draws the images, chooses among them if that is asked for, and writes them.

        Args:
            folder: path of an empty folder.
            extractor: see `tfdogs.exhibition.gallery.build`.

        Returns:
            List of `tfdogs.exhibition.exhibits.Exhibit`s.
        """
        config, run, seeds = self._config, self._run, self._seeds
        if config.curated:
            seeds = self._chosen(extractor)
        height, width, _ = run.gan.image_shape
        with Progress("draw", seeds.count) as progress:
            pictures = self._drawing(seeds, progress).pictures()
            return hang(pictures, folder, size=(width, height), classes=run.classes)

    def lede(self, count):
        """Returns the sentence below the headline."""
        looks, data = f"{self._run.kimg * 1000:,.0f}", last_part(self.data_dir)
        return (
            f"None of these {count:,} ever stood before a camera. The network {self._run_config.model} drew "
            f"them, out of random numbers, after {looks} looks at the pictures of {data}."
        )

    @property
    def card(self):
        """(name, value) pairs of the run card."""
        return tuple(run_card(self._config, self._run).items())

    @property
    def scored(self):
        """The run's own latest evaluation of the generator that draws, a tuple of at most one `Scored`.

        An average of another length was never evaluated.
        """
        if self._config.ema_length:
            return ()
        found = scored.of_run(self._evaluations, self._run.kimg, self._run.best)
        return () if found is None else (found,)

    @property
    def probability(self):
        """Whether the discriminator's verdicts are probabilities."""
        return self._run.gan.loss_function.probability is not None

    def film(self, folder):
        """Writes the film of the run's progress; returns a `tfdogs.exhibition.film.Film`, or None."""
        return film.write(
            self._story,
            folder,
            most=self._config.film_frames,
            columns=self._run_config.sheet_columns,
            probability=self.probability,
        )

    def _drawing(self, seeds, progress):
        truncation = self._config.truncation or None
        sampler = self._run.gan.sampler
        return Drawing(sampler, seeds, label=self._label, truncation=truncation, progress=progress)

    def _chosen(self, extractor):
        """Returns the `Seeds` that the network likes best, ascending."""
        with Progress("judge", self._seeds.count) as progress:
            batches = self._drawing(self._seeds, progress).batches()
            if self._config.curate == "discriminator":
                scores = curation.judge_by_discriminator(self._run.gan, batches)
            else:
                extractor = extractor or extractors.get(curation.EXTRACTOR)
                scores = curation.judge_by_dogs(extractor, (images for *_, images in batches))
        every = self._seeds.array()
        chosen = every[curation.best(scores, self._config.hung)].tolist()
        return Seeds(tuple(range(seed, seed + 1) for seed in chosen))

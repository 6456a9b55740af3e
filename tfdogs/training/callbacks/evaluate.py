"""Scores while `fit` runs."""

import json
import time
from pathlib import Path

import numpy as np

from tfdogs.aside import write_text
from tfdogs.errors import naming
from tfdogs.metrics import history
from tfdogs.metrics.feature_set import FeatureSet
from tfdogs.metrics.image_sets.generated import Generated
from tfdogs.metrics.wording import number
from tfdogs.progress import say
from tfdogs.training.callbacks.every_kimg import EveryKimg
from tfdogs.training.callbacks.tensorboard import TensorBoard

_SHORT = {"memorization_distance": "d"}  # in the line that is printed
_SILENT = ("mifid_public", "mifid_private", "breeds_missing")  # there


class Evaluate(EveryKimg):
    """Scores the averaged generator every `kimg` thousand images, before the first one and at the end.

    Each evaluation draws the images of the same seeds, so that the curve over kimg shows the generator and
    not the draw. It changes nothing in the training: a run with it has the weights of a run without it.

    A line goes to `evaluations.jsonl` and scalars to TensorBoard. A line holds kimg; seconds, that the
    evaluation took; scores, name to {title, value, error, better}; num_fakes, num_reals, stamp and labels,
    which say what the scores may be compared with; alarms, a list of sentences; and what the listeners had to
    say. One taken because training ended between two moments has at_end: true. Lines beyond the checkpoint
    that a run resumes from are dropped, and an evaluation that a kill took away is made up for. Of a run that
    has nothing left to train, `on_train_begin` and `on_train_end` alone make the evaluations that it lacks.

    Args:
        evaluator: `tfdogs.metrics.evaluator.Evaluator`.
        directory: the run's folder.
        kimg: thousands of images from one evaluation to the next.
        num_images: images drawn for each; default 2000.
        seed: of the first image; default 0.
        labels: `tfdogs.sampling.labels.DataLabels` by which a conditional model's classes are drawn; default:
            in turn.
        then: listeners, told in this order of each evaluation; they have
            `on_evaluation(kimg, evaluation, history, *, model, fakes)`: the `Evaluation`, the lines until
            now with this one as the last, the model, and the `FeatureSet` of what it drew. They return None,
            or a dict to be merged into the line; an "alarm" in it, a sentence, joins the line's alarms, which
            the listeners after it can see.
        interrupted: called between batches; where it returns True the evaluation is given up and `fit`
            ended, for a signal that cannot wait. The resumed run then begins with this evaluation.
        hasty: called when training ends; where it returns True the evaluation then is left out, for a run
            whose time is over.

    Attributes:
        seconds: time that the evaluations of this object took.
        failed: whether one of them raised an error.

    Raises:
        TfdogsError: from `fit`, `evaluations.jsonl` is not one, a feature is not finite, or the disk failed.
    """

    FILE_NAME = history.FILE_NAME

    def __init__(
        self,
        evaluator,
        directory,
        kimg,
        *,
        num_images=2000,
        seed=0,
        labels=None,
        then=(),
        interrupted=lambda: False,
        hasty=lambda: False,
    ):
        super().__init__(kimg)
        self._evaluator = evaluator
        self._directory = Path(directory)
        self._num_images, self._seed, self._labels = num_images, seed, labels
        self._listeners = list(then)
        self._interrupted, self._hasty = interrupted, hasty
        self.seconds, self.failed = 0.0, False
        self._writer, self._history, self._ending = None, [], False

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._directory.mkdir(parents=True, exist_ok=True)
        path, seen = self._directory / self.FILE_NAME, self.images_seen
        self._history = history.until(seen, history.read(path))
        write_text(path, "".join(json.dumps(line) + "\n" for line in self._history))
        self._writer = TensorBoard(self._directory / "tensorboard")
        self._ending = False
        last_moment = seen - seen % self._images
        if not history.since(last_moment, self._history):
            self.act(seen, {})

    def on_train_end(self, logs=None):
        self._ending, seen = True, self.images_seen
        if not (self._interrupted() or self._hasty() or history.since(seen, self._history)):
            self.act(seen, {})
        self._writer.close()

    def act(self, images_seen, logs):
        began = time.perf_counter()
        try:
            self._evaluate(images_seen, began)
        except _Interrupted:
            self.model.stop_training = True
        except Exception:
            self.failed = True
            raise
        finally:
            self.seconds += time.perf_counter() - began

    def _evaluate(self, images_seen, began):
        kimg, fakes = images_seen / 1000, self._draw()
        evaluation = self._evaluator.evaluate(fakes)
        line = {
            "kimg": kimg,
            "scores": {
                score.name: {fact: getattr(score, fact) for fact in history.OF_A_SCORE}
                for score in evaluation.scores
            },
            "num_fakes": evaluation.num_fakes,
            "num_reals": evaluation.num_reals,
            "stamp": evaluation.stamp.to_dict(),
            "labels": evaluation.labels,
            **({"at_end": True} if self._ending else {}),
            "alarms": [],
        }
        self._history.append(line)
        for listener in self._listeners:
            facts = listener.on_evaluation(kimg, evaluation, self._history, model=self.model, fakes=fakes)
            facts = dict(facts or {})
            if "alarm" in facts:
                line["alarms"].append(facts.pop("alarm"))
            line.update(facts)
        line["seconds"] = round(time.perf_counter() - began, 3)
        path = self._directory / self.FILE_NAME
        with naming(path), path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self._tell(images_seen, evaluation, line)

    def _draw(self):
        images = Generated(self.model.sampler, self._num_images, seed=self._seed, labels=self._labels)
        extractor = self._evaluator.extractor
        # Not by tfdogs.metrics.extraction, whose progress bar would meet that of the training.
        parts = list(extractor.extract(self._heedful(images.batches())))
        pool, probabilities = (
            None if values[0] is None else np.concatenate(values) for values in zip(*parts)
        )
        return FeatureSet(pool, probabilities, stamp=extractor.stamp, name=images.name, image_set=images)

    def _heedful(self, batches):
        for batch in batches:
            if self._interrupted():
                raise _Interrupted
            yield batch

    def _tell(self, images_seen, evaluation, line):
        self._writer.write({f"evaluation/{one.name}": one.value for one in evaluation.scores}, images_seen)
        parts = []
        for score in evaluation.scores:
            if score.name not in _SILENT:
                title = _SHORT.get(score.name) or score.title.split(" (")[0] if parts else score.title
                parts.append(f"{title} {number(score.value, score.error)}")
        say(f"kimg {line['kimg']:.1f}: {', '.join(parts)} ({line['seconds']:.0f} s)")
        for alarm in line["alarms"]:
            say(f"kimg {line['kimg']:.1f}: ALARM: {alarm}")


class _Interrupted(Exception):
    pass

"""Ends training that no longer gets anywhere."""

from tfdogs.metrics import history as histories


class EarlyStop:
    """Ends `fit` after `patience` evaluations in a row without improvement: a listener of `Evaluate`.

    It is better by more than its error that counts, see `tfdogs.metrics.history.improves`. All that it knows
    are the lines of `evaluations.jsonl`, so a resumed run stops where the whole one would have; an evaluation
    at the end of an earlier `fit`, which the whole run would not have made, does not count.

    Args:
        metric: name of the score that is watched, such as "fid".
        patience: evaluations, at least 1.

    Raises:
        ValueError: `patience` is less than 1.
    """

    def __init__(self, metric, patience):
        if patience < 1:
            raise ValueError(f"patience must be at least 1. Received: patience={patience}")
        self.metric = metric
        self.patience = patience

    def on_evaluation(self, kimg, evaluation, history, *, model, fakes):
        """Sets `model.stop_training` where it is time."""
        if self.reason(history):
            model.stop_training = True

    def reason(self, history):
        """Returns why these lines are reason to stop, a clause in English; "" where they are not."""
        lines = [line for line in history if not line.get("at_end")]
        place = histories.best(lines, self.metric)
        if place is None or len(lines) - 1 - place < self.patience:
            return ""
        kimg, count = lines[place]["kimg"], len(lines) - 1 - place
        return f"{self.metric} has not improved since kimg {kimg:g}, in {count} evaluations"

"""Ends training that no longer gets anywhere."""

from tfdogs.metrics import history as histories


class EarlyStop:
    """Ends `fit` after `patience` evaluations in a row without improvement: a listener of `Evaluate`.

    It is better by more than its error that counts, see `tfdogs.metrics.history.improves`, and without an
    alarm. All that it knows are the lines of `evaluations.jsonl`, so a resumed run stops where the whole one
    would have. Three kinds of evaluations do not count: one at the end of an earlier `fit`, which the whole
    run would not have made, those without the score, and those not comparable with the last one.

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
        lines = [line for line in history if not line.get("at_end") and self.metric in line["scores"]]
        lines = [line for line in lines if histories.comparable(line, lines[-1])]
        place = histories.best(lines, self.metric)
        count = 0 if place is None else len(lines) - 1 - place
        if count < self.patience:
            return ""
        return f"{self.metric} has not improved since kimg {lines[place]['kimg']:g}, in {count} evaluations"

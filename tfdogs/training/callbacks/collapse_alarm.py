"""Raises the alarm when the generator draws the same few images over and over."""

from tfdogs.metrics import collapse


class CollapseAlarm:
    """Compares how much the fakes differ among themselves with how much reals do: a listener of `Evaluate`.

    The rules are those of `tfdogs.metrics.collapse.judge`. Where one is broken, the evaluation has an alarm.

    Args:
        reals: `tfdogs.metrics.collapse.Spread` of the training images.
        after_kimg: thousands of images before which a generator is too young to be judged; default 20.
        stop: whether an alarm ends training; default False.
        **limits: of `judge`.
    """

    def __init__(self, reals, *, after_kimg=20.0, stop=False, **limits):
        self._reals, self._after = reals, after_kimg
        self._stop, self._limits = stop, limits

    def on_evaluation(self, kimg, evaluation, history, *, model, fakes):
        """Returns {"spread": {"fakes": dict, "reals": dict}}, and an "alarm" where there is one."""
        found = collapse.spread(fakes, breeds=self._reals.breed_entropy is not None)
        facts = {"spread": {"fakes": found.to_dict(), "reals": self._reals.to_dict()}}
        reasons = collapse.judge(found, self._reals, **self._limits)
        if reasons and kimg >= self._after:
            facts["alarm"] = f"the generator has collapsed: {'; '.join(reasons)}"
            if self._stop:
                model.stop_training = True
        return facts

"""The rules by which a model is blessed: its scores against thresholds, and against the last one's."""

import dataclasses
import math
from typing import Optional

from tfdogs.metrics import mifid
from tfdogs.metrics.wording import number

D_GRANTED = 0.1  # d has no standard error: chance is granted this part of the last blessed model's
SCORES = {"fid": "FID", "memorization_distance": "d", "dog_score": "dog score"}


@dataclasses.dataclass(frozen=True)
class Check:
    """One rule and what came of it.

    Attributes:
        score: what was looked at, such as "FID".
        found: the value, for people.
        rule: what it has to be, for people.
        passed: whether it is.
        value: the number; None where the rule is about no number.
    """

    score: str
    found: str
    rule: str
    passed: bool
    value: Optional[float] = None


def checks(candidate, before, *, allow_alarms, worse_by, **thresholds):
    """Returns all `Check`s of a model.

    Args:
        candidate: its `tfdogs.metrics.evaluation.Evaluation`.
        before: that of the last blessed model, or None.
        allow_alarms: alarms are no reason against it.
        worse_by: see `against_baseline`.
        **thresholds: see `against_thresholds`.
    """
    found = against_thresholds(candidate, **thresholds)
    if not allow_alarms:
        found += against_alarms(candidate)
    if before:
        found += against_baseline(candidate, before, worse_by=worse_by)
    return found


def verdict(checks):
    """Returns whether checks bless a model, and the reasons for that: sentences, at least one."""
    blessed = all(check.passed for check in checks)
    decisive = [sentence(check) for check in checks if check.passed == blessed]
    return blessed, decisive or ["no limit is set, and no model was blessed before"]


def against_thresholds(evaluation, *, max_fid, min_d, min_dog_score):
    """Returns `Check`s of an evaluation against fixed limits; 0 is no limit.

    Args:
        evaluation: `tfdogs.metrics.evaluation.Evaluation`.
        max_fid: the FID may be this.
        min_d: the memorisation distance must be over this: nearer ones are taken for copies.
        min_dog_score: the dog score must be this.
    """
    limits = {"fid": (max_fid, "at most", 1), "memorization_distance": (min_d, "at least", -1)}
    limits["dog_score"] = (min_dog_score, "at least", -1)
    checks = []
    for name, (limit, words, sign) in limits.items():
        score = _score(evaluation, name)
        if limit and score is None:
            reason = evaluation.left_out.get(name) or "the extractor does not allow it"
            checks.append(Check(SCORES[name], f"none: {reason}", f"{words} {limit:g}", False))
        elif limit:
            passed = sign * score.value <= sign * limit
            found = number(score.value, score.error)
            checks.append(Check(SCORES[name], found, f"{words} {limit:g}", passed, score.value))
    return checks


def against_alarms(evaluation):
    """Returns `Check`s of an evaluation that fail, one for each of its alarms."""
    return [Check("alarm", alarm, "none", False) for alarm in evaluation.alarms]


def against_baseline(evaluation, baseline, *, worse_by):
    """Returns `Check`s of an evaluation against that of the last blessed model.

    FID and dog score may be worse by `worse_by` standard errors of their difference: that may be chance. d
    may be less by `D_GRANTED` of the last one's, and by anything down to MiFID's stricter limit: it falls
    while a poor model learns what dogs look like, and only below that are images taken for copies.

    Args:
        evaluation, baseline: `tfdogs.metrics.evaluation.Evaluation`s against the same images, by the same
            extractor.
        worse_by: standard errors, 0 or more.
    """
    checks = []
    for name, sign in (("fid", 1), ("memorization_distance", -1), ("dog_score", -1)):
        new, old = _score(evaluation, name), _score(baseline, name)
        if new is None or old is None:
            continue
        if name == "memorization_distance":
            slack = max(D_GRANTED * old.value, old.value - mifid.PRIVATE_EPS)
        else:
            slack = worse_by * math.hypot(new.error or 0.0, old.error or 0.0)
        passed = sign * (new.value - old.value) <= slack
        words = "at most" if sign > 0 else "at least"
        limit = number(old.value + sign * slack)
        rule = f"{words} {limit} (last blessed model: {number(old.value, old.error)})"
        checks.append(Check(SCORES[name], number(new.value, new.error), rule, passed, new.value))
    return checks


def sentence(check):
    """Returns what a check found, as a reason for or against a blessing."""
    verb = "is" if check.passed else "is not"
    if check.score == "alarm":
        return check.found
    return f"{check.score} {check.found} {verb} {check.rule}"


def _score(evaluation, name):
    return next((score for score in evaluation.scores if score.name == name), None)

"""Which crops of a picture are kept: its boxes are checked, cropped and judged together."""

from tfdogs.data import crops
from tfdogs.data.annotations import fault_of, is_box
from tfdogs.data.doctor import Candidate, Finding, examine
from tfdogs.data.sources.base import Box

SAME_VIEW = 0.5  # likeness of two crops from which on one of two dogs that cover each other is enough
LARGE = 1.5  # times min_side: dogs of that size are seen well though another one is in the way
LEAST_SHORTER = 0.55  # of min_side: what the shorter side of a long box must have
REPEATED_BOX = 0.8  # likeness of two boxes from which on they are round the same dog

_NARROWED = ("extreme_aspect", "other_dog")  # reasons for which a narrower crop is tried


def boxes_of(item, config, width, height):
    """Returns the boxes to crop, clamped to the picture, and the findings against the others."""
    if item.boxes is None or config.crop == "center":
        return [Box(0, 0, width, height)], []
    x, y = (width / item.frame[0], height / item.frame[1]) if item.frame else (1, 1)
    boxes, findings = [], []
    for number, box in enumerate(item.boxes, 1):
        if not is_box(box):
            findings.append(Finding("bad_box", None, box, f"object {number}: {fault_of(box)}: mend it"))
            continue
        box = Box(box.left * x, box.top * y, box.right * x, box.bottom * y)
        clamped = crops.clamp(box, width, height)
        if clamped is None:
            detail = f"object {number} lies outside of the picture of {width} x {height}: is it another's?"
            findings.append(Finding("box_outside", 0.0, box, detail))
            continue
        likeness = max((crops.likeness(clamped, earlier) for earlier in boxes), default=0.0)
        if likeness > REPEATED_BOX:
            detail = f"object {number} is round the same dog as an earlier one"
            findings.append(Finding("repeated_box", likeness, box, detail))
        else:
            boxes.append(clamped)
    return boxes, findings


def judge(picture, turn, boxes, config):
    """Crops a picture and examines the crops.

    Where a dog is long, or another one is in its way, a narrower crop is tried first. Of dogs that cover each
    other's crops the one that is covered least is kept, and so is a large one whose crop shows another part
    of the picture.

    Args:
        picture, turn: as `tfdogs.data.pictures.Picture` has them.
        boxes: the boxes to crop, clamped.
        config: resolved `PrepareConfig`.

    Returns:
        (kept, findings): lists of `Candidate`s and of `Finding`s.
    """
    kept, findings, covered = [], [], []
    for box in boxes:
        others = [other for other in boxes if other != box]
        rectangles = crops.POLICIES[config.crop](*picture.size, box, boxes, config.margin)
        for number, rectangle in enumerate(rectangles):
            candidate = Candidate(picture, box, others, rectangle, config.image_size, turn)
            finding = examine(candidate, config)
            if finding and finding.reason in _NARROWED and config.crop in crops.SQUARES and not number:
                narrow = _narrowed(candidate, finding.reason, config)
                candidate, finding = (narrow, None) if narrow else (candidate, finding)
            if finding is None:
                kept.append((box, candidate))
            elif finding.reason == "other_dog":
                covered.append((finding, box, candidate))
            else:
                findings.append(finding)
    for finding, box, candidate in sorted(covered, key=lambda row: row[0].measure):
        rectangle = candidate.rectangle
        likeness = max((crops.likeness(rectangle, other.rectangle) for _, other in kept), default=0.0)
        if likeness > SAME_VIEW:
            detail = "another dog's crop that was kept shows nearly the same part of the picture"
            findings.append(Finding("repeated_crop", likeness, rectangle, detail))
            continue
        _, other = crops.covered(rectangle, crops.beside(box, candidate.others))
        alone = all(other != its_box for its_box, _ in kept)
        if alone or min(box.right - box.left, box.bottom - box.top) >= LARGE * config.min_side:
            finding = examine(candidate, config, skip=("other_dog",))
        if finding is None:
            kept.append((box, candidate))
        else:
            findings.append(finding)
    return [candidate for _, candidate in kept], findings


def _narrowed(candidate, reason, config):
    """Returns a good `Candidate` for the same box with a narrower crop, or None."""
    box, others, (width, height) = candidate.box, candidate.others, candidate.picture.size
    shorter, longer = sorted((box.right - box.left, box.bottom - box.top))
    if reason == "extreme_aspect" and (
        shorter < LEAST_SHORTER * config.min_side or box == Box(0, 0, width, height)
    ):
        return None  # too small to be seen, or a panorama
    sides = [config.max_aspect * shorter] if reason == "extreme_aspect" else []
    for side in (*sides, (shorter + longer) / 2, shorter):
        for square in crops.narrower(width, height, box, crops.beside(box, others), min(side, longer)):
            narrow = candidate.cut(square)
            if not examine(narrow, config, skip=("extreme_aspect",)):
                return narrow
    return None

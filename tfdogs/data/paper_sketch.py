"""The drawing of one paper dog.

Points are complex numbers in face units (x right, y down, the picture spans -1..1). Shapes are drawn at a
multiple of the wanted size, box-reduced, then lit at that size.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from PIL.ImageColor import getrgb

from tfdogs.data.paper_breeds import SPECS, Breed

_INK, _WHITE = (38, 28, 30), (255, 252, 246)

EARS = {  # knots of the right ear
    "pricked": (0.14 - 0.48j, 0.30 - 0.74j, 0.54 - 0.90j, 0.64 - 0.62j, 0.60 - 0.26j, 0.36 - 0.28j),
    "bat": (0.20 - 0.40j, 0.27 - 0.74j, 0.47 - 0.90j, 0.69 - 0.78j, 0.68 - 0.44j, 0.52 - 0.18j),
    "floppy": (
        0.34 - 0.50j,
        0.56 - 0.48j,
        0.74 - 0.26j,
        0.80 + 0.06j,
        0.68 + 0.27j,
        0.57 + 0.10j,
        0.52 - 0.20j,
    ),
    "long": (
        0.36 - 0.48j,
        0.58 - 0.42j,
        0.75 - 0.08j,
        0.82 + 0.34j,
        0.70 + 0.60j,
        0.57 + 0.42j,
        0.54 + 0.00j,
    ),
    "folded": (0.24 - 0.54j, 0.44 - 0.72j, 0.66 - 0.58j, 0.72 - 0.32j, 0.66 - 0.10j, 0.48 - 0.26j),
    "rose": (0.34 - 0.52j, 0.54 - 0.58j, 0.70 - 0.42j, 0.70 - 0.18j, 0.61 - 0.02j, 0.48 - 0.26j),
}
MARKS = {  # share of the accent; half outlines or ovals (centre, rx, ry, lean), twins unless on the axis
    "blaze": (
        1.0,
        (-0.8j, 0.10 - 0.7j, 0.06 - 0.35j, 0.09 - 0.08j, 0.27 + 0.12j, 0.32 + 0.36j, 0.2 + 0.6j, 0.8j),
    ),
    "cap": (0.75, (-0.06j, 0.10 - 0.22j, 0.34 - 0.34j, 0.52 - 0.12j, 0.8 - 0.1j, 0.8 - 1j, -1j)),
    "mask": (0.75, (0.34j, 0.45, 0.40, 0.0), (0.27 - 0.06j, 0.20, 0.17, 0.5)),
    "cheeks": (1.0, (0.40 + 0.30j, 0.30, 0.34, 0.4), (0.5j, 0.4, 0.32, 0.0)),
    "dots": (1.0, (0.22 - 0.29j, 0.085, 0.06, -0.35)),
    "patch": (1.0, (0.34 - 0.14j, 0.27, 0.3, -0.3)),
    "brows": (-0.5, (0.25 - 0.27j, 0.15, 0.065, 0.4)),
    "points": (0.9, (0.36 + 0.36j, 0.2, 0.24, 0.5)),
}
_COS, _SIN = np.cos(2 * np.pi * np.arange(24) / 24), np.sin(2 * np.pi * np.arange(24) / 24)


@lru_cache(maxsize=32)
def _spline(count: int) -> np.ndarray:
    """Return the (8 * count, count) matrix of the four-point scheme: a closed curve through count knots."""
    points = np.eye(count)
    for _ in range(3):
        a, b, c, d = (np.roll(points, shift, axis=0) for shift in (1, 0, -1, -2))
        points = np.stack([b, (9 * (b + c) - a - d) / 16], axis=1).reshape(-1, count)
    return points


def _curve(knots, mirror: bool = False) -> np.ndarray:
    """Join knots to a closed curve; mirrored knots run from top to bottom with both ends on the axis."""
    knots = np.array(knots)
    return _spline(len(knots)) @ knots if not mirror else _curve(np.append(knots, -knots[-2:0:-1].conj()))


def _oval(center: complex, rx: float, ry: float, lean: float = 0.0) -> np.ndarray:
    turn = np.exp(1j * lean) if lean else 1
    return _COS * (rx * turn) + _SIN * (1j * ry * turn) + center


def _furred(points: np.ndarray, fur: str) -> np.ndarray:
    """Give a closed outline tufts (fluffy) or scallops (curly), alike on both sides of its first point."""
    if fur == "smooth":
        return points
    step, i = np.roll(points, -1) - np.roll(points, 1), np.arange(len(points))
    i = np.minimum(i, len(i) - i)
    height = 0.06 * (i % 6 / 6 - 0.3) if fur == "fluffy" else 0.09 * (np.abs(np.sin(i * np.pi / 8)) - 0.4)
    return points - 1j * step / (np.abs(step) + 1e-9) * height


def _mix(a, b, t: float) -> tuple[int, int, int]:
    return int(a[0] + (b[0] - a[0]) * t), int(a[1] + (b[1] - a[1]) * t), int(a[2] + (b[2] - a[2]) * t)


class Sketch:
    """One picture in the making: a breed, the individual's pose and colours, and what is drawn so far."""

    def __init__(self, breed: Breed, rng: np.random.Generator, pixels: int):
        self.breed, self.rng, self.pixels, self.behind = breed, rng, pixels, breed.ears in ("pricked", "bat")
        self.skull, self.jaw, self.snout, self.length, eye = breed.shape
        r = rng.uniform(-1, 1, 20).tolist()
        self.rotor = pixels / 2 * (1.16 + 0.06 * r[0]) * np.exp(0.17j * r[1])  # scale and tilt
        self.origin = pixels / 2 * (1 + 0.05 * r[2] + 1j * (1.04 + 0.04 * r[3]))
        self.turn = 0.13 * r[4] + 0.07j * r[5]  # near parts slide further than far parts
        self.gaze, self.eye_size = 0.2 * r[6] + 0.12j * r[7], 0.11 * eye * (1 + 0.1 * r[8])
        self.swing, self.light, self.mark_size, self.fur = 0.13 * r[9], r[10], 1 + 0.15 * r[11], breed.fur
        self.open, self.side, self.collar = r[12] > 0.1, 1 if r[13] > 0 else -1, r[14] > -0.3
        gain, warm = 1 + 0.1 * r[15], np.array((10, 0, -10)) * r[16]
        tones = [np.clip(np.array(getrgb(coat)) * gain + warm, 0, 255) for coat in breed.coats]
        self.coat, self.accent, self.pale, self.ear, self.iris = (_mix(tone, tone, 0) for tone in tones)
        self.canvas, self.cover = Image.new("RGB", (pixels, pixels)), Image.new("L", (pixels, pixels))
        self.pen, self.cover_pen = ImageDraw.Draw(self.canvas), ImageDraw.Draw(self.cover)

    def paint(self, points, fill=None, depth=0.0, line=None, body=False) -> list[float]:
        """Fill and outline points, return their pixels; depth is 0 in the plane of the head, 1 at the tip."""
        flat = (points * self.rotor + (self.origin + depth * self.turn * self.rotor)).view(float).tolist()
        if fill:
            self.pen.polygon(flat, fill=fill)
        if body:  # part of the silhouette
            self.cover_pen.polygon(flat, fill=255)
            line = _mix(fill, _INK, 0.5)
        if line:
            self.pen.line(flat + flat[:4] if fill else flat, fill=line, width=max(1, round(self.pixels / 77)))
        return flat

    def background(self) -> None:
        n, k, kind = self.pixels, self.rng.uniform(0, 1, 12).tolist(), self.rng.integers(6)
        home = SPECS[int(k[0] * 4 * len(SPECS))] if k[0] < 0.25 else self.breed  # some dogs are on a visit
        near, far, pale = (getrgb(color) for color in home.places)
        base, s, r = _mix(near, pale, 0.35 * k[1] if kind else 1), 0.14 + 0.08 * k[2], 0.36 + 0.1 * k[3]
        soft, puffs = _mix(base, pale, 0.6), ((-0.1, 0.07), (0, 0.1), (0.1, 0.06))
        hills = (k[3], 1.1 + 0.15 * k[4], near), (k[5], 1.28 + 0.1 * k[6], far)
        things = (  # centre, radii and colour of the ovals or boxes of each kind of scenery
            [(x + dx, y, 1, 0.6, color) for x, y, color in hills for dx in (-0.5, 1)],
            [(k[i] + dx, 0.7 * k[i + 4], size, size, _WHITE) for i in range(3, 7) for dx, size in puffs],
            [((i % 9 + i // 9 % 2 / 2 - k[3]) * s, i // 9 * s, s / 5, s / 5, soft) for i in range(81)],
            [(0.3 + 0.4 * k[4], 0.35 + 0.2 * k[5], r, r, soft)],
            [((2 * i - 2 * k[3]) * s, 0.5, s / 2, 0.5, soft) for i in range(6)],
            [(0.5, 1.2 + 0.2 * k[4], 0.5, 0.5, far)],
        )
        self.pen.rectangle((0, 0, n, n), fill=base)
        draw_thing = self.pen.ellipse if kind < 4 else self.pen.rectangle
        for x, y, rx, ry, color in things[kind]:
            draw_thing(((x - rx) * n, (y - ry) * n, (x + rx) * n, (y + ry) * n), fill=color)

    def neck(self) -> None:
        w = 0.42 + 0.05 * self.jaw
        points = _curve((0.2j, w * 0.8 + 0.2j, w + 0.75j, w * 1.2 + 1.3j, 1.4j), mirror=True)
        self.paint(_furred(points, self.fur), _mix(self.coat, _INK, 0.08), body=True)
        if self.collar:
            band = np.append(_oval(0.62j, w, 0.15)[:13], _oval(0.74j, w, 0.16)[12::-1])
            self.paint(band, getrgb(("#c83a34", "#2c6aaa", "#3c8c5c", "#e8b036")[self.rng.integers(4)]))
            self.paint(_oval(0.9j, 0.07, 0.07), (240, 206, 96), 0.1)

    def draw_ears(self) -> None:
        root, knots = 0.40 - 0.42j, np.array(EARS[self.breed.ears])
        inside = _mix((226, 160, 146), self.ear, 0.3) if self.behind else _mix(self.ear, _INK, 0.13)
        depth, shift = (-0.25, 0.01) if self.behind else (0.05, -0.05)
        for side in (-1, 1):
            swung = (knots - root) * np.exp(1j * self.swing * (1 if side == self.side else 0.3))
            ear = _curve(swung + (root.real * self.skull + 1j * root.imag))
            ear = ear if side > 0 else -ear.conj()
            self.paint(_furred(ear[::side], self.fur), self.ear, depth, body=True)
            self.paint(ear.mean() + (ear - ear.mean()) * 0.66 + shift * side + 0.02j, inside, depth)

    def head(self) -> None:
        k, j = self.skull, self.jaw
        outline = _furred(
            _curve(
                (
                    -0.68j,
                    0.29 * k - 0.59j,
                    0.51 * k - 0.37j,
                    0.305 * (k + j) - 0.02j,
                    0.56 * j + 0.32j,
                    0.36 * j + 0.58j,
                    0.68j,
                ),
                mirror=True,
            ),
            self.fur,
        )
        bare, outside = self.canvas.copy(), Image.new("L", self.canvas.size, 255)
        ImageDraw.Draw(outside).polygon(self.paint(outline, self.coat, body=True), fill=0)
        self.markings()
        self.canvas.paste(bare, mask=outside)  # what ran over the edge of the head
        self.paint(np.append(outline, outline[:2]), line=_mix(self.coat, _INK, 0.5))

    def markings(self) -> None:
        for mark in self.breed.marks:
            share, *shapes = MARKS.get(mark, (0,))
            for shape in shapes:
                points = _curve(shape, mirror=True) if len(shape) > 4 else _oval(*shape)
                points.real *= self.mark_size
                twins = (points, -points.conj())[:: self.side]
                for twin in twins if shape[0].real and mark != "patch" else twins[:1]:
                    self.paint(twin, _mix(self.coat, self.accent, share), 0.2)
        if "spots" in self.breed.marks:
            for i, (turn, out, r) in enumerate(self.rng.uniform(0, 1, (13, 3)).tolist()):
                spot = (0.36 + 0.22 * out) * np.exp(1j * (i + turn) * np.pi / 6.5)
                self.paint(_oval(spot, 0.04 + 0.06 * r, 0.035 + 0.05 * r), self.accent, 0.1)
        for y, w in ((-0.38j, 0.2), (-0.3j, 0.14)) if "wrinkles" in self.breed.marks else ():
            self.paint(_oval(y, w, 0.07)[12:], None, 0.2, line=_mix(self.coat, _INK, 0.3))

    def muzzle(self) -> None:
        w, y, coat, rim, z = self.snout, 0.16j * (self.length - 1), self.pale, _mix(self.pale, _INK, 0.5), 0.7
        if "beard" in self.breed.marks:
            self.paint(_furred(_curve(_oval(0.5j + y, 0.32, 0.26)[::2]), self.fur), coat, 0.5, body=True)
        self.paint(_oval(0.46j + y + 0.12j * self.open, w * 0.62, 0.15), _mix(coat, _INK, 0.14), z, rim)
        if self.open:
            self.paint(_oval(0.47j + y, w * 0.5, 0.17), (96, 32, 38), z)
            self.paint(_oval(0.56j + y, 0.12, 0.16), (232, 112, 122), z)
        lobes = _curve(
            (
                -0.10j,
                0.13 + 0j,
                w * 0.85 + 0.16j + y,
                w * 1.04 + 0.32j + y,
                w * 0.72 + 0.48j + y,
                w * 0.22 + 0.46j + y,
                0.40j + y,
            ),
            mirror=True,
        )
        self.paint(lobes, coat, z)
        for line in (lobes[len(lobes) // 4 : -(len(lobes) // 4)], np.array([0.2j, 0.41j]) + y):
            self.paint(line, None, z, rim)
        nose = _curve((-0.095j, 0.11 - 0.085j, 0.165 - 0.01j, 0.09 + 0.075j, 0.11j), mirror=True)
        self.paint(nose * (0.85 + 0.5 * w) + 0.15j + y, (40, 32, 36), 0.95)
        self.paint(_oval(0.05 * self.light + 0.10j + y, 0.065, 0.022), (156, 146, 152), 0.95)
        for side in (-1, 1):
            self.paint(_oval(0.07 * side + 0.18j + y, 0.03, 0.022), (14, 10, 12), 0.95)
            for x, low in ((0.48, 0.34j), (0.68, 0.30j), (0.62, 0.39j)):
                self.paint(_oval(side * w * x + low + y, 0.013, 0.013), rim, z)

    def eyes(self) -> None:
        r, iris, glint = self.eye_size, self.iris, 0.34 if self.light >= 0 else -0.34
        for side in (-1, 1):
            eye, depth = 0.275 * side * (0.5 + 0.5 * self.skull) - 0.1j, 0.33
            self.paint(_oval(eye, r * 1.24, r * 1.12, 0.4 * side), _INK, depth)
            self.paint(_oval(eye, r * 1.04, r * 0.94, 0.4 * side), (222, 212, 204), depth)
            for shift, size, hue in (
                (0, 0.98, _mix(iris, _INK, 0.3)),
                (0, 0.86, iris),
                (0, 0.64, (9, 6, 8)),
                (glint - 0.36j, 0.32, _WHITE),
                (0.45j - glint, 0.15, _mix(iris, _WHITE, 0.5)),
            ):
                self.paint(_oval(eye + (self.gaze + shift) * r, r * size, r * size), hue, depth)
        if "topknot" in self.breed.marks:
            self.paint(_furred(_curve(_oval(-0.55j, 0.41, 0.23)[::2]), self.fur), self.pale, 0.15, body=True)

    def finish(self, size: int, times: int) -> Image.Image:
        """Reduce to size, round the head with light, and let it throw a soft shadow on the background."""
        cover, shift = self.cover.reduce(times), size / 24 if self.light > 0 else -size / 24
        shadow = cover.transform(cover.size, Image.Transform.AFFINE, (1, 0, shift, 0, 1, -size / 24))
        shadow = np.asarray(shadow.filter(ImageFilter.BoxBlur(float(size / 20))), np.float32)
        axis = ((np.arange(size) + 0.5) * (self.pixels / size)).astype(np.float32)
        face = ((axis + 1j * axis[:, None]) - np.complex64(self.origin)) / np.complex64(self.rotor)
        u, v, tip = face.real, face.imag, 0.7 * self.turn + 0.25j
        room = 1.0 + 0.1 * self.light * u - 0.1 * v
        body = room + 0.06 - 0.16 * (u * u + v * v)
        body -= 0.16 * np.exp(u * u * -10 - (v - 0.68) ** 2 * 80)  # the chin darkens the neck
        body += 0.08 * np.exp((u - tip.real) ** 2 * -16 - (v - tip.imag) ** 2 * 14)  # the muzzle stands out
        room -= shadow * (0.3 / 255)
        light = room + (body - room) * (np.asarray(cover, np.float32) / 255)
        picture = np.asarray(self.canvas.reduce(times)) * light[..., None]
        return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))

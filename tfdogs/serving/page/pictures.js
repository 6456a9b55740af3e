// Pictures on the screen: enlarged by whole numbers of the screen's own pixels, loaded before they are shown.

/**
 * The width, in CSS pixels, at which each of `size` pixels covers a whole number of the screen's pixels.
 *
 * @param {number} size pixels of the picture
 * @param {number} room CSS pixels there are; a picture that is larger keeps its size on the screen's pixels
 */
export function enlarged(size, room) {
  const times = Math.max(1, Math.floor((room * devicePixelRatio) / size));
  return (size * times) / devicePixelRatio;
}

/** Decodes a file into an image element; release it with `release`. */
export async function imageOf(blob, alt) {
  const image = new Image();
  image.alt = alt;
  image.src = URL.createObjectURL(blob);
  try {
    await image.decode();
  } catch {
    release(image);
    throw new Error("The server sent a picture that this browser cannot show.");
  }
  return image;
}

/** Frees the memory of an image that `imageOf` made. */
export function release(image) {
  if (image?.src) URL.revokeObjectURL(image.src);
}

/** A frame that always keeps its place, around one picture (an image or a canvas) of any size. */
export class Frame {
  constructor(element) {
    this.element = element;
    new ResizeObserver(() => this.#fit()).observe(element);
  }

  /** Puts a loaded picture in place of the one that is there. */
  show(picture) {
    const before = this.element.querySelector("img, canvas");
    this.element.replaceChildren(picture);
    if (before !== picture) release(before);
    this.#fit();
    this.wait(false);
  }

  /** Shows that another picture is being fetched. */
  wait(waiting) {
    this.element.setAttribute("aria-busy", String(waiting));
  }

  #fit() {
    const picture = this.element.querySelector("img, canvas");
    const size = picture?.naturalWidth ?? picture?.width;
    if (!size) return;
    const style = getComputedStyle(this.element);
    const room = this.element.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    picture.style.width = `${enlarged(size, room)}px`;
  }
}

/**
 * The middle square of a picture file, `size` pixels wide as the model's own pictures are, as a PNG file.
 *
 * @returns {Promise<{blob: Blob, b64: string}>}
 */
export async function squared(blob, size) {
  const bitmap = await createImageBitmap(blob);
  const side = Math.min(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, size, size);
  bitmap.close();
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return { blob: file, b64: canvas.toDataURL("image/png").split(",")[1] };
}

/** The name under which a dog is saved: its seed, and what else it takes to draw it again. */
export function fileName({ seed, truncation, label }) {
  const parts = [truncation > 0 && `-truncation-${truncation}`, label >= 0 && `-label-${label}`];
  return `dog-${seed}${parts.filter(Boolean).join("")}.png`;
}

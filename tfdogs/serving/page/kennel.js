// Dogs that were fetched lately, so that going back to one, or on to the next, needs no waiting.

const ROOM = 256; // pictures of some 10 kB each

const key = ({ seed, truncation, label }) => `${seed} ${truncation} ${label}`;

/** Keeps the pictures that were asked for last. */
export class Kennel {
  /** @param {import("./api.js").Model} model */
  constructor(model) {
    this.model = model;
    this.pictures = new Map();
  }

  /** The picture of one dog. */
  async get(dog, signal) {
    const kept = this.pictures.get(key(dog));
    if (kept) this.#keep(dog, kept);
    return kept ?? (await this.fetch([dog], signal))[0];
  }

  /** Fetches the pictures of several dogs in one request. */
  async fetch(dogs, signal) {
    const pictures = await this.model.dogs(dogs, signal);
    dogs.forEach((dog, i) => this.#keep(dog, pictures[i]));
    return pictures;
  }

  /** How sure the discriminator is that the picture is real; asked once a picture. */
  async verdict(picture, signal) {
    picture.verdict ??= (await this.model.verdicts([picture], signal))[0];
    return picture.verdict;
  }

  #keep(dog, picture) {
    this.pictures.delete(key(dog)); // to the end of the queue
    this.pictures.set(key(dog), picture);
    if (this.pictures.size > ROOM) this.pictures.delete(this.pictures.keys().next().value);
  }
}

// One dog, large.

import { randomSeed, readSeed, write } from "./address.js";
import { Frame, fileName, imageOf, release } from "./pictures.js";
import { breedOf } from "./settings.js";

const AHEAD = 8; // next dogs fetched in one request, before they are asked for

const $ = (id) => document.getElementById(id);
const same = (a, b) => write(a) === write(b);

/** The view of one dog. */
export class DogView {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = $("dog");
    this.frame = new Frame($("dog-frame"));
    this.trail = []; // places of the dogs that were shown, for the way back
    this.at = -1;
    this.ahead = []; // places of the next dogs
    $("dog-breed").hidden = !app.card.classes.length;
    $("dog-verdict").hidden = app.card.discriminator === "none";
    $("dog-verdict").querySelector(".gauge").hidden = app.card.discriminator !== "probability";
    $("dog-next").addEventListener("click", () => this.next());
    $("dog-previous").addEventListener("click", () => this.previous());
    $("dog-copy").addEventListener("click", () => app.copyLink());
    $("dog-frame").addEventListener("click", () => this.next());
    $("dog-form").addEventListener("submit", (event) => (event.preventDefault(), this.#typed()));
    $("dog-seed").addEventListener("input", () => $("dog-seed").removeAttribute("aria-invalid"));
  }

  get title() {
    return this.place ? `Dog ${this.place.seed}` : "A dog";
  }

  async show(place, signal) {
    this.#remember(place);
    this.place = place;
    $("dog-seed").value = place.seed;
    $("dog-seed").removeAttribute("aria-invalid");
    $("dog-previous").disabled = this.at < 1;
    this.frame.wait(true);

    const picture = await this.app.kennel.get(place, signal);
    const breed = breedOf(picture, this.app.card);
    const image = await imageOf(picture.blob, `Generated dog, seed ${place.seed}${breed && `, ${breed}`}`);
    if (signal.aborted) return release(image);
    this.frame.show(image);
    $("dog-name").textContent = `Dog ${place.seed}`;
    $("dog-verdict").querySelector("b").textContent = "…";
    $("dog-breed").textContent = breed;
    Object.assign($("dog-download"), { href: image.src, download: fileName(place) });
    $("dog-download").removeAttribute("aria-disabled");
    this.#fetchAhead(signal).catch(() => {}); // nobody waits for these
    return this.#judge(picture, signal);
  }

  hide() {}

  next() {
    if (this.at < this.trail.length - 1) this.app.go(this.trail[this.at + 1]);
    else this.app.go(this.ahead.shift() ?? { ...this.place, seed: randomSeed() });
  }

  previous() {
    if (this.at > 0) this.app.go(this.trail[this.at - 1]);
  }

  key(event) {
    const turn = { ArrowRight: () => this.next(), " ": () => this.next(), ArrowLeft: () => this.previous() }[event.key];
    turn?.();
    return Boolean(turn);
  }

  #remember(place) {
    const { truncation, label } = place;
    if (this.ahead.some((dog) => dog.truncation !== truncation || dog.label !== label)) this.ahead = [];
    const known = [this.at, this.at + 1, this.at - 1].find((i) => this.trail[i] && same(this.trail[i], place));
    if (known !== undefined) {
      this.at = known;
    } else if (this.trail[this.at]?.seed === place.seed) {
      this.trail[this.at] = place; // the same dog, drawn otherwise
    } else {
      this.trail.splice(++this.at, Infinity, place);
    }
  }

  async #judge(picture, signal) {
    const kind = this.app.card.discriminator;
    if (kind === "none") return;
    const verdict = await this.app.kennel.verdict(picture, signal);
    const text = kind === "probability" ? `${percent(verdict)} real` : `${verdict.toFixed(2)} (higher is more real)`;
    $("dog-verdict").querySelector("b").textContent = text;
    $("dog-verdict").style.setProperty("--share", verdict);
  }

  async #fetchAhead(signal) {
    if (this.ahead.length > AHEAD / 2) return;
    const { truncation, label } = this.place;
    const dogs = Array.from({ length: AHEAD }, () => ({ ...this.place, seed: randomSeed() }));
    await this.app.kennel.fetch(dogs, signal);
    if (this.place.truncation === truncation && this.place.label === label) this.ahead.push(...dogs);
  }

  #typed() {
    const seed = readSeed($("dog-seed").value);
    if (seed !== null) return this.app.go({ ...this.place, seed });
    $("dog-seed").setAttribute("aria-invalid", "true");
    $("dog-seed").focus();
    return this.app.say("A seed is a whole number from 0 to 9007199254740991.");
  }
}

/** A probability as a reader takes it in: "63 %". */
export function percent(probability) {
  if (probability < 0.01) return "under 1 %";
  return probability > 0.99 ? "over 99 %" : `${Math.round(100 * probability)} %`;
}

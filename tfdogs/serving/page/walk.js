// The way from one dog to another, through dogs that lie between them.

import { randomSeed, write } from "./address.js";
import { Frame, imageOf, release } from "./pictures.js";
import { fillBreeds } from "./settings.js";

const FRAMES = 32;
const PACE = 10; // frames a second
const REST = 700; // milliseconds at each end

const $ = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The view of a walk between two dogs. */
export class WalkView {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = $("walk");
    this.canvas = $("walk-canvas");
    this.frame = new Frame($("walk-frame"));
    this.images = [];
    this.position = 0; // in frames
    this.direction = 1;
    fillBreeds($("walk-breed"), app.card.classes);
    $("walk-breed-field").hidden = !app.card.classes.length;
    $("walk-breed").addEventListener("change", () => app.go({ ...this.place, toLabel: Number($("walk-breed").value) }));
    $("walk-play").addEventListener("click", () => this.#play(!this.playing));
    $("walk-roll").addEventListener("click", () => app.go({ ...this.place, to: randomSeed() }));
    $("walk-on").addEventListener("click", () => {
      const { to, toLabel } = this.place;
      app.go({ ...this.place, seed: to, label: toLabel, to: randomSeed() });
    });
    $("walk-scrub").addEventListener("input", () => {
      this.#play(false);
      this.#draw(($("walk-scrub").value / 100) * (this.images.length - 1));
    });
  }

  get title() {
    return `From dog ${this.place.seed} to dog ${this.place.to}`;
  }

  async show(place, signal) {
    this.place = place;
    this.#play(false);
    this.frame.wait(true);
    $("walk-play").disabled = $("walk-scrub").disabled = true;
    $("walk-breed").value = place.toLabel;
    $("walk-name").textContent = this.title;
    $("walk-from").href = write({ ...place, view: "dog" });
    $("walk-to").href = write({ ...place, view: "dog", seed: place.to, label: place.toLabel });

    const count = Math.min(FRAMES, this.app.card.max_rows);
    const pictures = await this.app.model.walk(place, count, signal);
    const images = await Promise.all(pictures.map((picture) => imageOf(picture.blob, "")));
    if (signal.aborted) return images.forEach(release);
    this.images.forEach(release);
    this.images = images;
    this.canvas.width = images[0].naturalWidth;
    this.canvas.height = images[0].naturalHeight;
    this.canvas.hidden = false;
    $("walk-play").disabled = $("walk-scrub").disabled = false;
    await this.#thumb($("walk-from"), pictures[0], place.seed);
    await this.#thumb($("walk-to"), pictures.at(-1), place.to);
    $("walk-status").textContent = `${count} steps, and every one is a dog of its own.`;
    this.frame.show(this.canvas);
    this.direction = 1;
    this.#draw(0);
    if (!still.matches && !signal.aborted) this.#play(true);
  }

  hide() {
    this.#play(false);
  }

  key(event) {
    if (!this.images.length || $("walk-play").disabled) return false;
    if (event.key === " ") this.#play(!this.playing);
    else if (event.key === "ArrowRight") this.#step(1);
    else if (event.key === "ArrowLeft") this.#step(-1);
    else return false;
    return true;
  }

  #step(by) {
    this.#play(false);
    this.#draw(Math.max(0, Math.min(this.images.length - 1, Math.round(this.position) + by)));
  }

  async #thumb(link, picture, seed) {
    const image = await imageOf(picture.blob, `Generated dog, seed ${seed}: open it`);
    release(link.querySelector("img"));
    link.replaceChildren(image);
  }

  #play(playing) {
    this.playing = playing;
    $("walk-play").textContent = playing ? "Pause" : "Play";
    cancelAnimationFrame(this.request);
    if (!playing) return;
    let before = null;
    let rest = 0;
    const move = (now) => {
      const passed = Math.min(100, now - (before ?? now)); // a page in the background does not leap on return
      before = now;
      rest -= passed;
      if (rest <= 0) {
        const last = this.images.length - 1;
        const next = this.position + (this.direction * passed * PACE) / 1000;
        this.#draw(Math.max(0, Math.min(last, next)));
        if (this.direction > 0 ? next >= last : next <= 0) {
          rest = REST;
          this.direction *= -1;
        }
      }
      this.request = requestAnimationFrame(move);
    };
    this.request = requestAnimationFrame(move);
  }

  /** Draws the place on the way, one frame fading into the next. */
  #draw(position) {
    this.position = position;
    const [low, share] = [Math.floor(position), position % 1];
    const pen = this.canvas.getContext("2d");
    pen.globalAlpha = 1;
    pen.drawImage(this.images[low], 0, 0);
    if (share) {
      pen.globalAlpha = share;
      pen.drawImage(this.images[low + 1], 0, 0);
    }
    const { seed, to } = this.place;
    const percent = Math.round((100 * position) / (this.images.length - 1));
    $("walk-scrub").value = percent;
    this.canvas.setAttribute("aria-label", `Generated dog, ${percent} % of the way from seed ${seed} to seed ${to}`);
  }
}

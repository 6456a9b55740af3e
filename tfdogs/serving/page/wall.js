// Dogs for ever: batches of tiles that are filled as they come near, and emptied when they are far away.

import { randomSeed, write } from "./address.js";
import { imageOf, release } from "./pictures.js";
import { breedOf } from "./settings.js";

const BATCH = 32; // every number of columns below divides it, so that no row stays ragged
const COLUMNS = [8, 4, 2];
const LEAST = 76; // CSS pixels of a tile
const GAP = 6; // as in style.css
const AT_ONCE = 2; // requests in flight
const NEAR = "1200px 0px"; // how far beyond the screen tiles are kept filled

const $ = (id) => document.getElementById(id);

/** The view of a wall that starts at a seed and goes on, seed by seed. */
export class WallView {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = $("wall");
    this.tiles = $("wall-tiles");
    this.batches = new Map(); // element -> {first, state, controller}; `first`: tiles before it
    this.near = new IntersectionObserver((seen) => this.#seen(seen), { rootMargin: NEAR });
    // Several changes may be told at once: the last one counts.
    this.end = new IntersectionObserver((told) => told.at(-1).isIntersecting && this.#grow(), { rootMargin: NEAR });
    new ResizeObserver(() => this.#measure()).observe(this.element);
    $("wall-roll").addEventListener("click", () => app.go({ ...this.place, seed: randomSeed() }));
  }

  get title() {
    return "The wall";
  }

  async show(place) {
    const same = this.place && write(this.place) === write(place);
    this.place = place;
    if (!same) this.#clear();
    this.#measure();
    scrollTo(0, same ? this.scrolled : 0);
    this.end.observe($("wall-end"));
    for (const batch of this.batches.keys()) this.near.observe(batch); // tells at once which are near
  }

  hide() {
    this.scrolled = scrollY;
    this.end.disconnect();
    this.near.disconnect();
    for (const [element, batch] of this.batches) if (batch.state !== "full") this.#empty(element);
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key];
    const tile = step && document.activeElement.closest("#wall-tiles a");
    if (!tile) return false;
    const all = [...this.tiles.querySelectorAll("a")];
    all[all.indexOf(tile) + step]?.focus();
    return true;
  }

  #clear() {
    for (const element of this.batches.keys()) this.#empty(element);
    this.near.disconnect();
    this.batches.clear();
    this.tiles.replaceChildren();
  }

  #grow() {
    const element = document.createElement("div");
    element.className = "batch";
    this.batches.set(element, { first: BATCH * this.batches.size, state: "empty" });
    this.tiles.append(element);
    this.near.observe(element);
    this.end.unobserve($("wall-end")); // so that it is told again while the end is still near
    this.end.observe($("wall-end"));
  }

  #measure() {
    const room = this.tiles.clientWidth;
    if (!room) return;
    const widest = (columns) => (room - GAP * (columns - 1)) / columns;
    const columns = COLUMNS.find((count) => widest(count) >= LEAST) ?? COLUMNS.at(-1);
    this.columns = columns;
    this.tiles.style.setProperty("--columns", columns);
    this.tiles.style.setProperty("--side", `${widest(columns)}px`);
  }

  #seen(seen) {
    for (const { target, isIntersecting } of seen) {
      const batch = this.batches.get(target);
      if (isIntersecting && batch?.state === "empty") batch.state = "wanted";
      else if (!isIntersecting && batch && !target.contains(document.activeElement)) this.#empty(target);
    }
    this.#fetch();
  }

  #empty(element) {
    const batch = this.batches.get(element);
    batch.controller?.abort();
    batch.state = "empty";
    element.querySelectorAll("img").forEach(release);
    element.replaceChildren();
  }

  #fetch() {
    const all = [...this.batches];
    const busy = all.filter(([, batch]) => batch.state === "fetching").length;
    const wanted = all.filter(([, batch]) => batch.state === "wanted");
    wanted.slice(0, Math.max(0, AT_ONCE - busy)).forEach(([element, batch]) => this.#fill(element, batch));
  }

  async #fill(element, batch) {
    const { signal } = (batch.controller = new AbortController());
    batch.state = "fetching";
    const { truncation, label } = this.place;
    const seeds = Array.from({ length: BATCH }, (_, i) => after(this.place.seed, batch.first + i));
    const dogs = seeds.map((seed) => ({ seed, truncation, label }));
    try {
      const tiles = dogs.map((dog) => this.#tile(dog));
      element.replaceChildren(...tiles);
      const pictures = await this.app.model.dogs(dogs, signal);
      const images = await Promise.all(pictures.map((picture, i) => this.#image(seeds[i], picture)));
      if (signal.aborted) return images.forEach(release);
      tiles.forEach((tile, i) => (tile.append(images[i]), tile.removeAttribute("aria-label")));
      batch.state = "full";
      $("wall-status").textContent = `Dogs ${batch.first + 1} to ${batch.first + BATCH} are there.`;
    } catch (error) {
      if (signal.aborted) return;
      batch.state = "failed";
      this.app.report(error, () => this.#again());
    }
    this.#fetch();
  }

  #again() {
    for (const batch of this.batches.values()) if (batch.state === "failed") batch.state = "wanted";
    this.#fetch();
  }

  #tile(dog) {
    const tile = document.createElement("a");
    tile.href = write({ ...this.place, ...dog, view: "dog" });
    tile.setAttribute("aria-label", `Dog ${dog.seed}, on its way`);
    return tile;
  }

  #image(seed, picture) {
    const breed = breedOf(picture, this.app.card);
    return imageOf(picture.blob, `Generated dog, seed ${seed}${breed && `, ${breed}`}`);
  }
}

/** The seed `count` after another; after the last one come 0, 1, ... */
function after(seed, count) {
  const left = Number.MAX_SAFE_INTEGER - seed;
  return count <= left ? seed + count : count - left - 1;
}

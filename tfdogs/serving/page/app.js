// Starts the page: asks for the model's card, then shows the view that the address names.

import { read, write, randomSeed } from "./address.js";
import { Model, RequestError } from "./api.js";
import { DogView } from "./dog.js";
import { Kennel } from "./kennel.js";
import { hush, say } from "./notice.js";
import { QuizView } from "./quiz.js";
import { Settings } from "./settings.js";
import { WalkView } from "./walk.js";
import { WallView } from "./wall.js";

const TITLE = document.title;
const TYPING = "input, select, textarea, a, button, summary"; // elements that have keys of their own

/** What the views share: the model, the place in the address, and the way to another one. */
export class App {
  constructor() {
    this.model = new Model(document.querySelector("meta[name=model]").content, (waiting) => {
      if (waiting) say(`${waiting.message} Trying again …`);
      else hush();
    });
    this.kennel = new Kennel(this.model);
    this.say = say;
    this.visit = new AbortController();
  }

  /** Asks for the card; then the page is ready. */
  async start() {
    try {
      this.card = await this.model.card();
    } catch (error) {
      this.report(error, () => this.start());
      return;
    }
    this.settings = new Settings(this.card, (change, replace) => this.go({ ...this.place, ...change }, replace));
    const views = { dog: DogView, walk: WalkView, wall: WallView, quiz: QuizView };
    this.views = Object.fromEntries(Object.entries(views).map(([name, View]) => [name, new View(this)]));
    document.getElementById("model").textContent = about(this.card);
    document.querySelector("main").inert = false;
    addEventListener("hashchange", () => {
      // It is told late: what it tells of may have been shown meanwhile, when the card came or a reader went on.
      if (location.hash !== this.hash) this.#arrive();
    });
    addEventListener("keydown", (event) => this.#key(event));
    this.#arrive();
  }

  /** Shows a place and writes it into the address, as a step that "back" undoes unless it replaces the last one. */
  go(place, replace = false) {
    const same = write(place) === location.hash;
    history[replace || same ? "replaceState" : "pushState"](null, "", write(place));
    this.#render(place);
  }

  /** Says what went wrong; what only the reader's own next step interrupted is not worth a word. */
  report(error, again = () => this.#render(this.place)) {
    if (error.name === "AbortError") return;
    say(error.message, error instanceof RequestError ? { label: "Try again", run: again } : null);
  }

  async copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      say("Link copied. It will show exactly this.");
    } catch {
      say(`Copying is not allowed here. The link is ${location.href}`); // no clipboard without https
    }
  }

  #arrive() {
    const { place, problems, whole } = read(location.hash, this.card.classes.length);
    if (!whole) history.replaceState(null, "", write(place));
    this.#render(place);
    if (problems.length) say(`The address was put right: ${problems.join("; ")}.`);
  }

  async #render(place) {
    hush();
    this.visit.abort();
    this.visit = new AbortController();
    const { signal } = this.visit;
    const view = this.views[place.view];
    if (this.place && this.place.view !== place.view) this.views[this.place.view].hide();
    this.place = place;
    this.hash = location.hash;
    for (const other of Object.values(this.views)) other.element.hidden = other !== view;
    document.getElementById("about").hidden = place.view === "wall"; // it has no end for a footer to stand at
    this.settings.show(view.element, place);
    this.#links(place);
    try {
      const shown = view.show(place, signal);
      document.title = `${view.title} · ${TITLE}`;
      await shown;
    } catch (error) {
      if (!signal.aborted) this.report(error);
    }
  }

  #links(place) {
    if (place.view === "wall") this.wall = place.seed;
    else if (place.view !== "quiz") this.seed = place.seed;
    for (const link of document.querySelectorAll("nav a")) {
      const { view } = link.dataset;
      const seed = (view === "wall" ? this.wall : this.seed) ?? randomSeed();
      link.href = write({ ...place, view, seed });
      if (view === place.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  #key(event) {
    const elsewhere = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented;
    const control = event.target.closest?.(TYPING);
    const own = control && (control.matches("input, select, textarea") || [" ", "Enter"].includes(event.key));
    if (elsewhere || own) return;
    if (this.views[this.place.view].key(event)) event.preventDefault();
  }
}

function about({ model, kimg, image_shape: [height, width], data, tfdogs }) {
  const looks = `after ${Math.round(1000 * kimg).toLocaleString("en")} looks at pictures${data ? ` of ${data}` : ""}`;
  const parts = [`${model}, ${width} × ${height} pixels`, kimg > 0 && looks];
  return [...parts, tfdogs && `tfdogs ${tfdogs}`].filter(Boolean).join(" · ");
}

addEventListener("error", ({ message }) => say(`Something went wrong in the page: ${message}`));
addEventListener("unhandledrejection", ({ reason }) => say(`Something went wrong in the page: ${reason}`));
new App().start();

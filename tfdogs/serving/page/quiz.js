// Real or generated? Rounds of ten pictures, with the discriminator as the other player.

import { randomSeed, write } from "./address.js";
import { file, realPictures } from "./api.js";
import { percent } from "./dog.js";
import { Frame, imageOf, release, squared } from "./pictures.js";

const ROUND = 10;
const FEWEST = 3; // of each kind in a round

const $ = (id) => document.getElementById(id);
const word = (real) => (real ? "real" : "generated");

/** The view of the quiz. */
export class QuizView {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.element = $("quiz");
    this.title = "Real or generated?";
    this.frame = new Frame($("quiz-frame"));
    this.deck = []; // real pictures that were not shown yet
    this.streak = 0;
    this.longest = 0;
    // The discriminator of a model of breeds would have to be told the breed, which nobody knows of a real dog.
    this.rival = app.card.discriminator === "probability" && !app.card.classes.length;
    $("quiz-rival").hidden = !this.rival;
    $("quiz-real").addEventListener("click", () => this.#answer(true));
    $("quiz-generated").addEventListener("click", () => this.#answer(false));
    $("quiz-next").addEventListener("click", () => this.#turn());
    for (const id of ["quiz-again", "quiz-retry"]) $(id).addEventListener("click", () => app.go(this.place));
  }

  async show(place, signal) {
    this.place = place;
    this.pictures = [];
    this.at = -1;
    this.#part("quiz-play");
    this.frame.wait(true);
    this.#score();
    this.#ask("nothing");

    if (this.deck.length < ROUND - FEWEST) this.deck = shuffled(await realPictures(signal));
    if (!this.deck.length) return this.#part("quiz-none");
    const pictures = await this.#round(place, signal);
    if (this.rival) {
      const verdicts = await this.app.model.verdicts(pictures, signal);
      pictures.forEach((picture, i) => (picture.verdict = verdicts[i]));
    }
    if (signal.aborted) return undefined;
    this.pictures = pictures;
    return this.#turn();
  }

  hide() {
    $("quiz-pictures").querySelectorAll("img").forEach(release);
    $("quiz-pictures").replaceChildren();
  }

  key(event) {
    const answer = { r: true, ArrowLeft: true, g: false, ArrowRight: false }[event.key];
    if (event.repeat) return answer !== undefined;
    if (answer !== undefined && this.asked === "answer") this.#answer(answer);
    else if ([" ", "Enter", "ArrowRight"].includes(event.key) && this.asked === "next") this.#turn();
    else return false;
    return true;
  }

  get current() {
    return this.pictures[this.at];
  }

  async #round({ truncation, label }, signal) {
    const reals = this.deck.splice(0, FEWEST + Math.floor(Math.random() * (ROUND - 2 * FEWEST + 1)));
    const dogs = Array.from({ length: ROUND - reals.length }, () => ({ seed: randomSeed(), truncation, label }));
    const [generated, photographs] = await Promise.all([
      this.app.model.dogs(dogs, signal),
      Promise.all(reals.map(async (url) => squared(await file(url, signal), this.app.card.image_shape[0]))),
    ]);
    return shuffled([
      ...generated.map((picture, i) => ({ real: false, b64: picture.b64, blob: picture.blob, dog: dogs[i] })),
      ...photographs.map((picture) => ({ real: true, ...picture })),
    ]);
  }

  async #turn() {
    if (document.activeElement === $("quiz-next")) $("quiz-progress").focus();
    this.#ask("nothing");
    this.at += 1;
    if (!this.current) return this.#review();
    const image = await imageOf(this.current.blob, `Picture ${this.at + 1} of ${ROUND}: real or generated?`);
    this.frame.show(image);
    $("quiz-progress").textContent = `Picture ${this.at + 1} of ${ROUND}`;
    return this.#ask("answer");
  }

  #answer(real) {
    this.current.answer = real;
    const right = real === this.current.real;
    this.streak = right ? this.streak + 1 : 0;
    this.longest = Math.max(this.longest, this.streak);
    this.#score();
    this.#ask("next");
    const { verdict } = this.current;
    $("quiz-told").textContent =
      `${right ? "✓ Right" : "✗ Wrong"}: this one is ${word(this.current.real)}.` +
      (this.rival ? ` The connoisseur says ${percent(verdict)} real.` : "");
    $("quiz-next").textContent = this.at + 1 < ROUND ? "Next picture" : "See the round";
    $("quiz-next").focus();
  }

  /** @param {string} what the reader is to say: an "answer", "next", or "nothing" yet */
  #ask(what) {
    this.asked = what;
    for (const id of ["quiz-real", "quiz-generated"]) {
      $(id).disabled = what === "nothing";
      $(id).hidden = what === "next";
    }
    $("quiz-next").hidden = what !== "next";
    $("quiz-told").textContent = "";
  }

  #score() {
    const answered = this.pictures.filter(({ answer }) => answer !== undefined);
    this.mine = answered.filter(({ answer, real }) => answer === real).length;
    this.theirs = answered.filter(({ verdict, real }) => verdict >= 0.5 === real).length;
    $("quiz-score").textContent = this.mine;
    $("quiz-streak").textContent = this.streak;
    $("quiz-theirs").textContent = this.theirs;
  }

  async #review() {
    $("quiz-result").textContent = `${this.mine} of ${ROUND} right`;
    $("quiz-summary").textContent =
      `A coin would get about five. Your longest streak so far: ${this.longest}.` +
      (this.rival ? ` The connoisseur had ${this.theirs} right: ${compare(this.mine, this.theirs)}.` : "");
    const tiles = await Promise.all(this.pictures.map((picture) => this.#tile(picture)));
    this.#part("quiz-review");
    $("quiz-pictures").replaceChildren(...tiles);
    $("quiz-result").focus();
  }

  async #tile({ real, answer, verdict, blob, dog }) {
    const tile = document.createElement("li");
    const image = await imageOf(blob, real ? "Real dog" : `Generated dog, seed ${dog.seed}`);
    const lines = [real ? "Real" : "Generated", `${answer === real ? "✓" : "✗"} you said ${word(answer)}`];
    if (this.rival) lines.push(`connoisseur: ${percent(verdict)} real`);
    const holder = document.createElement(real ? "span" : "a");
    if (!real) holder.href = write({ ...dog, view: "dog" });
    holder.className = "thumb";
    holder.append(image);
    tile.append(holder, ...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    return tile;
  }

  #part(shown) {
    this.hide();
    for (const id of ["quiz-none", "quiz-play", "quiz-review"]) $(id).hidden = id !== shown;
  }
}

function compare(mine, theirs) {
  if (mine === theirs) return "you are its equal";
  return mine > theirs ? "you have the better eye" : "it has the better eye";
}

function shuffled(items) {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}

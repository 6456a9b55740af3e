// What the page shows, as it stands in the address: #view=walk&seed=5&to=9&truncation=0.8&label=3

export const VIEWS = ["dog", "walk", "wall", "quiz"];
export const ANY = -1; // a label: the breed that the seed itself draws
export const NONE = 0; // a truncation: latents as the model was trained on them
const MAX_TRUNCATION = 1000;

/**
 * @typedef {object} Place
 * @property {string} view one of VIEWS
 * @property {number} seed the dog, the first dog of a walk, or the first one of a wall
 * @property {number} to the second dog of a walk
 * @property {number} truncation NONE, or above 0 up to 1000
 * @property {number} label ANY, or the number of a breed
 * @property {number} toLabel the same for the second dog of a walk
 */

/** A seed that nobody chose. */
export function randomSeed() {
  return crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
}

/** The whole number that `text` writes out, or null: 0 to Number.MAX_SAFE_INTEGER. */
export function readSeed(text) {
  const seed = /^\d{1,16}$/.test(text.trim()) ? Number(text) : NaN;
  return Number.isSafeInteger(seed) ? seed : null;
}

function readTruncation(text) {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text.trim()) ? Number(text) : NaN;
  return value >= 0 && value <= MAX_TRUNCATION ? value : null;
}

/**
 * Reads an address; what is missing or makes no sense is filled in, and the latter is told.
 *
 * @param {string} hash as `location.hash`
 * @param {number} classes how many breeds the model knows, 0 for one that knows none
 * @returns {{place: Place, problems: string[], whole: boolean}} `whole`: nothing had to be filled in
 */
export function read(hash, classes) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const problems = [];
  let whole = true;

  function take(name, parse, legal, otherwise, needed = true) {
    const text = given.get(name);
    const value = text === null ? null : parse(text);
    if (value !== null) return value;
    if (text !== null) problems.push(`${name} is ${legal}, and not “${text.slice(0, 40)}”`);
    if (text !== null || needed) whole = false;
    return otherwise();
  }
  const seed = "a whole number from 0 to 9007199254740991";
  const truncation = `0 for none, or a number up to ${MAX_TRUNCATION}`;
  const label = classes ? `a number from 0 to ${classes - 1}, or -1 for any breed` : "-1: this model knows no breeds";
  const readLabel = (text) => (/^(-1|\d{1,6})$/.test(text) && Number(text) < classes ? Number(text) : null);
  const readView = (text) => (VIEWS.includes(text) ? text : null);

  const view = take("view", readView, `one of ${VIEWS.join(", ")}`, () => "dog", false);
  const place = {
    view,
    seed: take("seed", readSeed, seed, randomSeed, view !== "quiz"),
    to: take("to", readSeed, seed, randomSeed, view === "walk"),
    truncation: take("truncation", readTruncation, truncation, () => NONE, false),
    label: take("label", readLabel, label, () => ANY, false),
    toLabel: take("to_label", readLabel, label, () => ANY, false),
  };
  return { place, problems, whole };
}

/** Writes a place as an address; what goes without saying is left out. */
export function write(place) {
  const parts = [];
  if (place.view !== "dog") parts.push(`view=${place.view}`);
  if (place.view !== "quiz") parts.push(`seed=${place.seed}`);
  if (place.view === "walk") parts.push(`to=${place.to}`);
  if (place.truncation !== NONE) parts.push(`truncation=${place.truncation}`);
  if (place.label !== ANY) parts.push(`label=${place.label}`);
  if (place.view === "walk" && place.toLabel !== ANY) parts.push(`to_label=${place.toLabel}`);
  return `#${parts.join("&")}`;
}

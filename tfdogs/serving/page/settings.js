// The two settings that every dog is drawn with: truncation and breed. One form, lent to the view that is shown.

import { ANY, NONE } from "./address.js";

const PAUSE = 150; // milliseconds that the slider rests before dogs are fetched

/** The breed that a picture shows, "" where there are none. */
export function breedOf({ label }, { classes }) {
  return label === null ? "" : breedName(classes[label] ?? `breed ${label}`);
}

/** "n02085620-Chihuahua" and "german_shepherd" as a reader would write them. */
function breedName(name) {
  return name.replace(/^n\d{8}-/, "").replaceAll("_", " ");
}

/** Fills a select element with the breeds by name, after "any". */
export function fillBreeds(select, classes) {
  const breeds = classes.map((name, label) => new Option(breedName(name), label));
  breeds.sort((a, b) => a.text.localeCompare(b.text));
  select.replaceChildren(new Option("any breed", ANY), ...breeds);
}

/** Truncations of the slider: of uniform latents a share of their range, of normal ones standard deviations. */
function stops(latent) {
  const [count, step] = latent === "uniform" ? [19, 20] : [30, 10];
  return [...Array.from({ length: count }, (_, i) => (i + 1) / step), NONE];
}

/** The form of the settings. */
export class Settings {
  /** @param {(change: object, replace: boolean) => void} onChange given the part of the place that changes */
  constructor(card, onChange) {
    this.form = document.getElementById("settings");
    this.slider = document.getElementById("truncation");
    this.value = document.getElementById("truncation-value");
    this.breed = document.getElementById("breed");
    this.stops = stops(card.latent);
    this.slider.max = this.stops.length - 1;
    fillBreeds(this.breed, card.classes);
    document.getElementById("breed-field").hidden = !card.classes.length;

    let timer;
    this.slider.addEventListener("input", () => {
      const truncation = this.stops[this.slider.value];
      this.#tell(truncation);
      clearTimeout(timer);
      timer = setTimeout(() => onChange({ truncation }, true), PAUSE);
    });
    this.breed.addEventListener("change", () => onChange({ label: Number(this.breed.value) }, false));
  }

  /** Moves the form into a view and lets it say what the place says. */
  show(view, place) {
    const slot = view.querySelector("[data-slot=settings]");
    if (slot && this.form.parentElement !== slot) slot.append(this.form);
    this.breed.value = place.label;
    this.#tell(place.truncation);
    const below = this.stops.findIndex((stop) => stop === NONE || stop >= place.truncation);
    this.slider.value = place.truncation === NONE ? this.stops.length - 1 : below;
  }

  #tell(truncation) {
    const text = truncation === NONE ? "none" : String(truncation);
    this.value.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }
}

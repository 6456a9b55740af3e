// The model behind TensorFlow Serving's REST API, and the real pictures that the host may have put beside it.

const PATIENCE = 30_000; // milliseconds for one answer
const PAUSES = [400, 800, 1600, 3200]; // milliseconds between tries
const FIELDS = ["model", "kimg", "image_shape", "latent", "classes", "max_rows", "discriminator", "data", "tfdogs"];

/** A request that was refused, or that nobody answered. */
export class RequestError extends Error {
  /**
   * @param {string} message a sentence for the reader
   * @param {boolean} passing whether the same request may well be answered later
   */
  constructor(message, passing = false) {
    super(message);
    this.name = "RequestError";
    this.passing = passing;
  }
}

/** One picture that the model made. `b64` is its PNG file; `label` is null where there are no breeds. */
class Picture {
  constructor(prediction) {
    this.b64 = prediction.b64 ?? prediction.image_bytes?.b64;
    this.label = prediction.label ?? null;
    if (typeof this.b64 !== "string") throw new RequestError("The server’s answer holds no picture.");
  }

  get blob() {
    return new Blob([Uint8Array.from(atob(this.b64), (c) => c.charCodeAt(0))], { type: "image/png" });
  }
}

/** Calls the signatures of one served model. */
export class Model {
  /**
   * @param {string} url of the model, such as "v1/models/dogs"
   * @param {(waiting: ?RequestError) => void} onWait told why it waits before it tries again, and null
   *     when that is over
   */
  constructor(url, onWait) {
    this.url = `${url}:predict`;
    this.onWait = onWait;
    this.waiting = 0;
  }

  /** What the model says of itself: FIELDS by name. */
  async card() {
    const values = await this.predict("card", FIELDS);
    const card = Object.fromEntries(FIELDS.map((name, i) => [name, JSON.parse(values[i])]));
    if (!Array.isArray(card.classes) || !Array.isArray(card.image_shape)) {
      throw new RequestError("The model’s card cannot be read.");
    }
    this.conditional = card.classes.length > 0;
    return card;
  }

  /**
   * @param {{seed: number, truncation: number, label: number}[]} dogs
   * @returns {Promise<Picture[]>}
   */
  async dogs(dogs, signal) {
    const rows = dogs.map(({ seed, truncation, label }) => ({ seed, truncation, ...(this.conditional && { label }) }));
    return (await this.predict("serving_default", rows, signal)).map((row) => new Picture(row));
  }

  /** `count` pictures on the way from the place's first dog to its second, both included. */
  async walk({ seed, to, truncation, label, toLabel }, count, signal) {
    const labels = this.conditional && { label_from: label, label_to: toLabel };
    const row = { seed_from: seed, seed_to: to, truncation, ...labels };
    const rows = Array.from({ length: count }, (_, i) => ({ ...row, fraction: i / (count - 1) }));
    return (await this.predict("interpolate", rows, signal)).map((frame) => new Picture(frame));
  }

  /**
   * @param {{b64: string, label: ?number}[]} pictures
   * @returns {Promise<number[]>} how sure the discriminator is that each is real, or its score
   */
  verdicts(pictures, signal) {
    const rows = pictures.map(({ b64, label }) => ({ image_bytes: { b64 }, ...(this.conditional && { label }) }));
    return this.predict("discriminate", rows, signal);
  }

  /** The answer's rows; waits and tries again, a few times, while the server is busy or away. */
  async predict(signature, instances, signal) {
    const body = JSON.stringify({ signature_name: signature, instances });
    const headers = { "Content-Type": "application/json" };
    const ask = async () => (await json(await request(this.url, { method: "POST", headers, body, signal }))).predictions;
    const rows = await this.#patiently(ask, signal);
    if (rows?.length === instances.length) return rows;
    throw new RequestError("The server’s answer is not that of a model.");
  }

  async #patiently(ask, signal) {
    let told = false;
    try {
      for (const pause of PAUSES) {
        try {
          return await ask();
        } catch (error) {
          if (!error.passing) throw error;
          if (!told) this.waiting += 1;
          told = true;
          this.onWait(error);
          await sleep(Math.max(pause * (0.75 + Math.random() / 2), error.after ?? 0), signal);
        }
      }
      return await ask();
    } finally {
      if (told && --this.waiting === 0) this.onWait(null);
    }
  }
}

/** Addresses of the host's real pictures; none where the host names none. */
export async function realPictures(signal) {
  const answer = await request("reals/index.json", { signal, cache: "no-cache" }, [404]);
  const images = answer.ok ? (await json(answer)).images : [];
  if (!Array.isArray(images)) throw new RequestError("The list of real pictures cannot be read.");
  return images.map((name) => `reals/${String(name).split("/").map(encodeURIComponent).join("/")}`);
}

/** The file at `url`. */
export async function file(url, signal) {
  return (await request(url, { signal })).blob();
}

async function request(url, options, welcome = []) {
  const signal = limited(options.signal);
  let answer;
  try {
    answer = await fetch(url, { ...options, signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const late = signal.aborted && "The server takes too long to answer.";
    throw new RequestError(late || "The server does not answer.", true);
  }
  if (answer.ok || welcome.includes(answer.status)) return answer;
  const busy = [429, 502, 503, 504].includes(answer.status);
  const told = await answer.json().catch(() => null);
  const said = typeof told?.error === "string" ? sentence(told.error) : null;
  const message = busy ? "The server is busy." : `The server says: ${said ?? `status ${answer.status}`}`;
  const error = new RequestError(message, busy);
  error.after = Math.min(1000 * (Number(answer.headers.get("Retry-After")) || 0), 10_000);
  throw error;
}

/** A signal that follows the reader's, and gives up when an answer takes too long. */
function limited(reader) {
  const limit = new AbortController();
  const follow = () => limit.abort(reader.reason);
  setTimeout(() => limit.abort(new DOMException("too late", "TimeoutError")), PATIENCE);
  if (reader?.aborted) follow();
  reader?.addEventListener("abort", follow, { once: true, signal: limit.signal });
  return limit.signal;
}

/** The sentence of a model's failed assertion, which TensorFlow wraps and escapes; other texts as they are. */
function sentence(text) {
  const asserted = /assertion failed: \[([^]*?)\]\s*(?:\[\[|$)/.exec(text);
  if (!asserted) return text;
  const bytes = (escapes) => Uint8Array.from(escapes.match(/[0-7]{3}/g), (octal) => parseInt(octal, 8));
  return asserted[1].replace(/((?:\\[0-7]{3})+)|\\([^])/g, (_, escapes, character) =>
    escapes ? new TextDecoder().decode(bytes(escapes)) : "nrt".includes(character) ? " " : character,
  );
}

async function json(answer) {
  try {
    return await answer.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new RequestError("The server’s answer is not JSON. Is the model here?");
    if (error.name === "AbortError") throw error; // the reader has moved on
    throw new RequestError("The server’s answer broke off.", true);
  }
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}

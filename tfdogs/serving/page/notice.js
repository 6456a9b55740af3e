// One line at the foot of the page for what went wrong, with a button for what can be done about it.

const element = document.getElementById("notice");
const [text, action, close] = element.children;

/**
 * Says something until it is dismissed, done, or replaced.
 *
 * @param {string} message
 * @param {?{label: string, run: () => void}} offer
 */
export function say(message, offer = null) {
  text.textContent = message;
  action.hidden = !offer;
  action.textContent = offer?.label ?? "";
  action.onclick = offer && (() => (hush(), offer.run()));
  element.classList.add("shown");
}

/** Takes the message away. */
export function hush() {
  element.classList.remove("shown");
  text.textContent = "";
  action.hidden = true;
}

close.addEventListener("click", hush);

/** Makes elements, and keeps lists of them in step with data without losing what has the focus. */

const SVG = "http://www.w3.org/2000/svg";

/** Attributes as in HTML; `on*` functions become listeners; null and false leave an attribute out. */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Writes only what changed, so that a screen reader is not told the same thing every second. */
export function say(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Makes the children of `parent` follow `items`. `create(item)` gives { element, update(item) }; an element stays the same
 * as long as its key does.
 */
export function follow(parent, items, keyOf, create) {
  const known = parent.followed ?? new Map();
  const kept = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const entry = known.get(key) ?? create(item);
    entry.update(item);
    kept.set(key, entry);
    if (entry.element === place) place = place.nextElementSibling;
    else parent.insertBefore(entry.element, place);
  }
  for (const [key, entry] of known) if (!kept.has(key)) entry.element.remove();
  parent.followed = kept;
}

const whole = new Intl.NumberFormat("en");
export const number = (value) => whole.format(value);

export const clock = (ms) => new Date(ms).toLocaleTimeString("en-GB");

export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 2) return "now";
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

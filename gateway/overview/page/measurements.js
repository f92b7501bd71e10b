/** The newest final measurements, and how to check one without trusting this page. */
import { clock, draw, follow, make, say } from "./dom.js";

export function showMeasurements(rows, measurements, check) {
  follow(
    rows,
    measurements,
    (measurement) => measurement.id,
    (first) => createRow(first, check),
  );
}

/** A finalized measurement never changes: nothing to update but where its receipt is to be had. */
function createRow(first, check) {
  let current = first;
  const cell = (label, content, className = null) => make("td", { "data-label": label, class: className }, ...content);
  const element = make(
    "tr",
    { "data-flagged": first.flagged },
    make("th", { scope: "row", "data-label": "Item" }, first.item),
    cell("Mass", [first.mass], "number mass"),
    cell("Dimensions", [first.dimensions], "number"),
    cell("Prediction", predictionOf(first), "prediction"),
    cell("Verdict", verdictOf(first)),
    cell("Signed as", [first.id], "mono"),
    cell("At", [make("time", { datetime: new Date(first.atMs).toISOString() }, clock(first.atMs))], "mono"),
    cell("Receipt", [
      make(
        "button",
        { type: "button", "aria-label": `Check ${first.item}, ${first.id}`, onclick: () => check(current) },
        "Check",
      ),
    ]),
  );
  return {
    element,
    update(measurement) {
      current = measurement;
    },
  };
}

function verdictOf({ flagged, reasons }) {
  const badge = make("span", { class: flagged ? "badge flag" : "badge good" }, flagged ? "flagged" : "accepted");
  return reasons.length === 0 ? [badge] : [badge, make("span", { class: "reasons" }, reasons.join("; "))];
}

/** The interval in the middle half, the prediction a tick in it, the measured value a dot where it fell. */
function predictionOf({ prediction, flagged }) {
  if (prediction.kind === "unknown") return [make("span", { class: "interval" }, prediction.words)];
  const { bar, words, text } = prediction;
  const x = (share) => share * 200;
  const picture = draw(
    "svg",
    { class: "bar", viewBox: "0 0 200 20", role: "img", "aria-label": words },
    draw("line", { class: "rail", x1: 4, x2: 196, y1: 10, y2: 10 }),
    draw("rect", { class: "band", x: x(bar.low), y: 4, width: x(bar.high - bar.low), height: 12, rx: 3 }),
    draw("line", { class: "tick", x1: x(bar.predicted), x2: x(bar.predicted), y1: 4, y2: 16 }),
    draw("circle", { class: flagged ? "dot flag" : "dot", cx: x(bar.measured), cy: 10, r: 5 }),
  );
  return [picture, make("span", { class: "interval" }, text)];
}

/** Opens the dialog for one measurement. */
export function checkDialog(dialog) {
  const find = (id) => dialog.querySelector(`#${id}`);
  find("check-close").addEventListener("click", () => dialog.close());
  return (measurement) => {
    const { item, id, mass, receiptUrl } = measurement;
    const file = `${id.replace("/", "-")}.receipt`;
    const siteUrl = `${new URL(receiptUrl).origin}/v1/site`;
    say(find("check-about"), `${item}: ${mass}, signed as ${id}. The check runs offline, on your machine.`);
    say(find("check-note"), "");
    find("check-steps").replaceChildren(
      step(
        "Fetch the receipt",
        `curl -fo ${file} ${receiptUrl}`,
        make("a", { href: receiptUrl, download: file }, "or download it"),
        find,
      ),
      step(
        "Fetch the site's keys once (an auditor has them from elsewhere)",
        `curl -fo SITE.json ${siteUrl}`,
        "",
        find,
      ),
      step("Check it", `npx tallystick verify ${file} --site SITE.json`, "", find),
      step("Or take it apart, for tools that are not ours", `npx tallystick unpack ${file} parts`, "", find),
    );
    dialog.showModal();
  };
}

function step(title, command, aside, find) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      say(find("check-note"), "Copied.");
    } catch {
      say(find("check-note"), "The browser does not let this page copy: mark the line and copy it by hand.");
    }
  };
  return make(
    "li",
    {},
    make("p", {}, title, " ", aside),
    make(
      "div",
      { class: "command" },
      make("code", { tabindex: "0" }, command),
      make("button", { type: "button", "aria-label": `Copy: ${title}`, onclick: copy }, "Copy"),
    ),
  );
}

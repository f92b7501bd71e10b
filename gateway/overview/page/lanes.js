/** Each lane as a tally stick: one notch a bundle, its depth says how far the bundle has come. */
import { draw, follow, make, number, say } from "./dom.js";

const NOTCHES = 48;
const STEP = 10;
/** Gateways are asked one after another while the lane grows: up to here a holder keeps up. */
const IN_FLIGHT = 8;

export function showLanes(parent, lanes) {
  follow(parent, lanes, (lane) => lane.gateway, createLane);
}

function createLane(first) {
  const stick = draw("svg", {
    class: "stick",
    viewBox: `0 0 ${NOTCHES * STEP} 40`,
    preserveAspectRatio: "none",
    role: "img",
  });
  const figures = make("p", { class: "lane-figures" });
  const holders = make("ul", { class: "chips small", "aria-label": `Who holds the lane of ${first.gateway}` });
  const element = make("div", { class: "lane" }, make("h3", {}, first.gateway), stick, figures, holders);
  let drawn = "";
  return {
    element,
    update(lane) {
      say(figures, figuresOf(lane));
      const wanted = `${lane.held} ${lane.certified} ${lane.final}`;
      if (wanted !== drawn) {
        drawn = wanted;
        stick.setAttribute("aria-label", `Lane of ${lane.gateway}: ${figuresOf(lane)}`);
        stick.replaceChildren(...notchesOf(lane));
      }
      follow(
        holders,
        lane.holders,
        (holder) => holder.gateway,
        () => createHolder(),
      );
      for (const holder of lane.holders) holders.followed.get(holder.gateway).show(holder, lane.held);
    },
  };
}

function figuresOf({ held, certified, final }) {
  if (held === 0) return "no bundle yet";
  return `${number(held)} held, ${number(certified)} certified, ${number(final)} final`;
}

function notchesOf({ held, certified, final }) {
  const oldest = Math.max(0, held - NOTCHES);
  const notches = [];
  for (let bundle = oldest; bundle < held; bundle += 1) {
    const x = (NOTCHES - held + bundle) * STEP + 2.5;
    const depth = bundle < final ? "final" : bundle < certified ? "certified" : "held";
    const [y, height] = { final: [4, 32], certified: [10, 20], held: [15, 10] }[depth];
    notches.push(draw("rect", { class: `notch ${depth}`, x, y, width: 5, height, rx: 1.5 }));
  }
  return notches;
}

function createHolder() {
  const element = make("li");
  return {
    element,
    update() {},
    show({ gateway, held }, tip) {
      const behind = held === null ? null : tip - held;
      element.dataset.state = behind === null ? "gone" : behind > IN_FLIGHT ? "behind" : "good";
      say(
        element,
        `${gateway} ${behind === null ? "away" : behind > IN_FLIGHT ? `${number(behind)} behind` : "keeps up"}`,
      );
    },
  };
}

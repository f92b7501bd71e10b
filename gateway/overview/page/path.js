/** The path of a measurement as a picture: device, signed, agreed, anchored, each with its live figure. */
import { draw, follow, make, number, say } from "./dom.js";

const HISTORY = 60;
const histories = new Map();

export function showPath(parent, overview) {
  follow(parent, stagesOf(overview), (stage) => stage.name, createStage);
}

function stagesOf({ devices, counters, rates, waiting, gateways, state }) {
  const online = devices.filter((device) => device.current && device.state === "online");
  const frames = devices.reduce((sum, device) => sum + device.frames, 0);
  const members = gateways.map((gateway) => gateway.standing === "agrees");
  return [
    {
      name: "Devices",
      figure: `${online.length}`,
      unit: `of ${devices.length} online`,
      rate: null,
      note: "scales, dimensioners, scanners",
      aside: `${number(frames)} frames read`,
      members,
      moving: (rates?.accepted ?? 0) > 0,
    },
    {
      name: "Signed",
      figure: number(counters.accepted),
      unit: "accepted",
      rate: rates?.accepted ?? null,
      note: "signed and on disk",
      aside: waitWords(waiting.agreement, "agreement"),
      members,
      moving: (rates?.final ?? 0) > 0,
    },
    {
      name: "Agreed",
      figure: number(counters.final),
      unit: "final",
      rate: rates?.final ?? null,
      note: `checked by ${state.quorum} of ${gateways.length} or more`,
      aside: waitWords(waiting.anchor, "the anchor"),
      members,
      moving: (rates?.anchored ?? 0) > 0,
    },
    {
      name: "Anchored",
      figure: number(counters.anchored),
      unit: "anchored",
      rate: rates?.anchored ?? null,
      note: "recorded on the shared ledger",
      aside: "receipts are ready for these",
      members,
      moving: false,
    },
  ];
}

function waitWords(count, what) {
  if (count === 0) return "none waits";
  return count === 1 ? `1 waits for ${what}` : `${number(count)} wait for ${what}`;
}

function createStage(first) {
  const icon = draw("svg", { viewBox: "0 0 64 64", class: "stage-icon", "aria-hidden": "true" });
  const figure = make("span", { class: "figure" });
  const unit = make("span", { class: "unit" });
  const rate = make("span", { class: "rate" });
  const note = make("p", { class: "note" });
  const aside = make("p", { class: "aside" });
  const spark = draw("polyline", { class: "spark-line", points: "" });
  const area = draw("polygon", { class: "spark-area", points: "" });
  const sparkline = draw(
    "svg",
    { viewBox: "0 0 120 24", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" },
    area,
    spark,
  );
  const element = make(
    "li",
    { class: "stage", "data-stage": first.name.toLowerCase() },
    make("div", { class: "stage-head" }, icon, make("h3", {}, first.name)),
    make("p", { class: "figures" }, figure, " ", unit),
    make("p", { class: "rates" }, rate),
    ...(first.name === "Devices" ? [] : [sparkline]),
    note,
    aside,
  );
  let drawn = "";
  return {
    element,
    update(stage) {
      say(figure, stage.figure);
      say(unit, stage.unit);
      say(rate, rateWords(stage));
      say(note, stage.note);
      say(aside, stage.aside);
      element.dataset.moving = String(stage.moving);
      element.dataset.growing = String(stage.name === "Devices" ? stage.moving : (stage.rate ?? 0) > 0);
      const wanted = JSON.stringify(stage.members);
      if (wanted !== drawn) icon.replaceChildren(...ICONS[stage.name](stage.members));
      drawn = wanted;
      if (stage.rate !== null) drawSpark(stage, spark, area);
    },
  };
}

function rateWords({ name, rate, moving }) {
  if (name === "Devices") return moving ? "sending" : "quiet";
  return rate === null ? "rate not known yet" : `${rate.toFixed(1)} per second`;
}

/** The last minute of the rate, as far as this page was open. */
function drawSpark(stage, line, area) {
  const history = [...(histories.get(stage.name) ?? []), stage.rate].slice(-HISTORY);
  histories.set(stage.name, history);
  const top = Math.max(1, ...history) * 1.15;
  const points = history.map((value, index) => {
    const x = 120 - (history.length - 1 - index) * (120 / (HISTORY - 1));
    return `${x.toFixed(1)},${(23 - (22 * value) / top).toFixed(1)}`;
  });
  line.setAttribute("points", points.join(" "));
  const left = 120 - (history.length - 1) * (120 / (HISTORY - 1));
  area.setAttribute("points", `${left.toFixed(1)},24 ${points.join(" ")} 120,24`);
}

const ICONS = {
  Devices: () => [
    draw("path", { class: "soft", d: "M20 10h24v18H20z" }),
    draw("path", { class: "line", d: "M20 10h24v18H20zM20 17h24M32 10v7" }),
    draw("path", { class: "line", d: "M10 32h44M32 32v6" }),
    draw("path", { class: "solid", d: "M14 38h36l4 16H10z" }),
    draw("path", { class: "cut", d: "M24 47h16" }),
  ],
  Signed: () => [
    draw("rect", { class: "soft", x: 6, y: 22, width: 52, height: 20, rx: 4 }),
    draw("path", { class: "line", d: "M10 22h44a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H10a4 4 0 0 1-4-4V26a4 4 0 0 1 4-4z" }),
    draw("path", { class: "line thick", d: "M16 22v20M26 22v20M36 22v20" }),
    draw("path", { class: "accent thick", d: "M46 12v30" }),
    draw("path", { class: "accent", d: "M42 16l4-6 4 6" }),
  ],
  Agreed: (members) => {
    const places = members.map((_, index) => {
      const angle = (2 * Math.PI * index) / members.length - Math.PI / 2;
      return { x: 32 + 22 * Math.cos(angle), y: 32 + 22 * Math.sin(angle) };
    });
    const links = places.flatMap((from, first) =>
      places
        .slice(first + 1)
        .flatMap((to, offset) =>
          members[first] && members[first + 1 + offset]
            ? [draw("line", { class: "line thin", x1: from.x, y1: from.y, x2: to.x, y2: to.y })]
            : [],
        ),
    );
    const dots = places.map(({ x, y }, index) =>
      draw("circle", { class: members[index] ? "solid" : "missing", cx: x, cy: y, r: members.length > 10 ? 4 : 7 }),
    );
    return [...links, ...dots];
  },
  Anchored: () => [
    draw("circle", { class: "line", cx: 32, cy: 14, r: 6 }),
    draw("path", { class: "line thick", d: "M32 20v34M22 28h20" }),
    draw("path", { class: "line thick", d: "M10 36c1 11 10 18 22 18s21-7 22-18" }),
    draw("path", { class: "line", d: "M6 42l4-7 7 4M58 42l-4-7-7 4" }),
  ],
};

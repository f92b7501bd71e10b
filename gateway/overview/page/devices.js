/** The devices of all gateways, with what was refused of them. */
import { ago, clock, follow, make, number, say } from "./dom.js";

export function showDevices(rows, devices, nowMs) {
  follow(
    rows,
    devices,
    (device) => `${device.gateway} ${device.id}`,
    (first) => createRow(first),
  );
  for (const device of devices) rows.followed.get(`${device.gateway} ${device.id}`).show(device, nowMs);
}

const keyOfBad = ({ at, hex, reason }) => `${at} ${reason} ${hex}`;

function createBad({ at, hex, reason }) {
  return { element: make("li", {}, `${clock(at)} ${reason}: `, make("code", {}, hex)), update() {} };
}

function createRow(first) {
  const state = make("span", { class: "badge" });
  const sentence = make("span");
  const badTitle = make("summary");
  const badList = make("ol", { class: "bad-frames" });
  const bad = make("details", { hidden: true }, badTitle, badList);
  const values = {
    state: make("td", { "data-label": "State" }, state),
    lastFrame: make("td", { "data-label": "Last frame", class: "number" }),
    frames: make("td", { "data-label": "Frames", class: "number" }),
    refused: make("td", { "data-label": "Refused", class: "number" }),
    noise: make("td", { "data-label": "Noise", class: "number" }),
    trouble: make("td", { "data-label": "Trouble", class: "last-bad" }, sentence, bad),
  };
  const element = make(
    "tr",
    {},
    make("th", { scope: "row", "data-label": "Device" }, first.id),
    make("td", { "data-label": "Station" }, `${first.gateway}, ${first.station}`),
    ...Object.values(values),
  );
  return {
    element,
    update() {},
    show(device, nowMs) {
      state.title = device.place ?? "";
      say(state, device.current ? device.state : "gateway away");
      state.className = `badge ${device.current && device.state === "online" ? "good" : "watch"}`;
      say(values.lastFrame, device.lastFrameAt === null ? "none yet" : ago(nowMs - device.lastFrameAt));
      say(values.frames, number(device.frames));
      say(values.refused, number(device.refused));
      say(values.noise, `${number(device.noiseBytes)} B`);
      say(sentence, device.lastError ?? "");
      bad.hidden = device.lastBad.length === 0;
      say(badTitle, `last bad frames: ${device.lastBad.length}`);
      follow(badList, device.lastBad, keyOfBad, createBad);
    },
  };
}

/** Asks for the overview once a second and has it drawn. */
import { clock, follow, make, say } from "./dom.js";
import { showDevices } from "./devices.js";
import { showGateways } from "./gateways.js";
import { showLanes } from "./lanes.js";
import { checkDialog, showMeasurements } from "./measurements.js";
import { showPath } from "./path.js";

const INTERVAL_MS = 1000;
const find = (id) => document.getElementById(id);
const check = checkDialog(find("check"));
let paused = false;

find("pause").addEventListener("click", () => {
  paused = !paused;
  find("pause").setAttribute("aria-pressed", String(paused));
  say(find("pause"), paused ? "Resume" : "Pause");
  document.body.classList.toggle("still", paused);
});

void keepLooking();

async function keepLooking() {
  for (;;) {
    // A page that nobody sees asks nothing.
    if (!paused && !document.hidden) await look();
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}

async function look() {
  try {
    const response = await fetch("v1/overview", { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new TypeError(`the overview answered ${response.status}`);
    show(await response.json());
  } catch (error) {
    find("pulse").dataset.state = "lost";
    say(find("pulse"), "the overview does not answer");
    console.warn(error);
  }
}

function show(overview) {
  document.title = `${overview.site}: ${overview.state.headline}`;
  say(find("site"), overview.site);
  find("pulse").dataset.state = "live";
  say(find("pulse"), `live, ${clock(overview.atMs)}`);
  find("state").dataset.level = overview.state.level;
  say(find("headline"), overview.state.headline);
  say(find("detail"), overview.state.detail);
  showAlarms(overview.alarms);
  showOffences(overview.offences);
  showPath(find("path"), overview);
  showLanes(find("lanes"), overview.lanes);
  showGateways(find("gateways"), overview.gateways);
  find("measurement-table").hidden = overview.measurements.length === 0;
  find("no-measurements").hidden = overview.measurements.length > 0;
  showMeasurements(find("measurement-rows"), overview.measurements, check);
  find("device-table").hidden = overview.devices.length === 0;
  find("no-devices").hidden = overview.devices.length > 0;
  showDevices(find("device-rows"), overview.devices, overview.atMs);
  showProcesses(overview.processes);
}

function showAlarms(alarms) {
  find("alarms").hidden = alarms.length === 0;
  follow(
    find("alarm-list"),
    alarms,
    (sentence) => sentence,
    (sentence) => ({ element: make("li", {}, sentence), update() {} }),
  );
}

function showOffences(offences) {
  find("offences").hidden = offences.length === 0;
  follow(
    find("offence-list"),
    offences,
    ({ sentence, proofs }) => [sentence, ...proofs.map(({ url }) => url)].join(" "),
    ({ sentence, proofs }) => {
      const links = proofs.map(({ gateway, url }) => make("a", { href: url, download: true }, `Proof from ${gateway}`));
      return { element: make("li", {}, sentence, ...links.flatMap((link) => [" ", link])), update() {} };
    },
  );
}

function showProcesses(processes) {
  find("processes").hidden = processes.length === 0;
  follow(
    find("process-list"),
    processes,
    (process) => process.name,
    () => {
      const element = make("li");
      return {
        element,
        update({ name, pid, state }) {
          element.dataset.state = state === "running" ? "good" : "bad";
          say(element, pid === null ? `${name}: ${state}` : `${name}: ${state}, pid ${pid}`);
        },
      };
    },
  );
}

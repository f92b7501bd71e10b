/**
 * `npm run soak -- --minutes M`: a site of real processes for M minutes, one gateway killed (kill -9) a minute and started again.
 * All the while the roots that the gateways state are compared at equal sizes; at the end the devices' journals with every log. The
 * last line is JSON {"minutes","kills","sizesCompared","rootsDiffer","accepted","lost","doubled","divergent","rssMb"}; exit code 1 on any fault.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startTemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import { settled, statusOf } from "./observe.ts";

const GATEWAYS = 4;
const SAMPLE_MS = 250;
const DOWN_MS = 5_000;
const SETTLE_MS = 60_000;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "20" } },
});
const minutes = positive("--minutes", values.minutes);
const ratePerSecond = positive("--rate", values.rate);

const site = await startTemporarySite({
  gateways: GATEWAYS,
  stations: "simulated",
  simulation: { ratePerSecond, seed: 42, inFlight: 4 },
  restart: false,
});
/** Root stated for each log size, by whoever stated it first. */
const roots = new Map<number, { readonly root: string; readonly gateways: Set<string> }>();
let rootsDiffer = 0;
const rssMb: number[][] = [];

async function sample(): Promise<void> {
  const memory: number[] = [];
  for (const status of await Promise.all(site.apis.map(statusOf))) {
    if (status === null) continue;
    memory.push(await residentMb(status.pid));
    const known = roots.get(status.logSize);
    if (known === undefined) roots.set(status.logSize, { root: status.logRoot, gateways: new Set([status.gateway]) });
    else if (known.root === status.logRoot) known.gateways.add(status.gateway);
    else {
      rootsDiffer += 1;
      process.stdout.write(
        `fault: size ${status.logSize} has root ${known.root} at ${[...known.gateways].join(", ")} and ${status.logRoot} at ${status.gateway}\n`,
      );
    }
  }
  rssMb.push(memory);
}

async function residentMb(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024);
}

try {
  const startedMs = performance.now();
  let kills = 0;
  for (let minute = 1; minute <= minutes; minute += 1) {
    while (performance.now() < startedMs + (minute - 0.5) * MINUTE_MS) {
      await sample();
      await sleep(SAMPLE_MS);
    }
    const victim = site.made.site.gateways[kills % GATEWAYS]?.name ?? "";
    site.processes.kill(victim, "SIGKILL");
    kills += 1;
    await sleep(DOWN_MS);
    await site.processes.again(victim);
    while (performance.now() < startedMs + minute * MINUTE_MS) {
      await sample();
      await sleep(SAMPLE_MS);
    }
    process.stdout.write(
      `minute ${minute}: killed ${victim}, ${roots.size} sizes seen, memory ${rssMb.at(-1)?.join(" ")} MB\n`,
    );
  }
  site.processes.kill("devices", "SIGTERM");
  const statuses = await settled(site.apis, SETTLE_MS);
  await sample();
  await site.stop();
  const { accepted, lost, doubled, foreign, divergent } = await audit(site.made);
  for (const fault of [...lost, ...doubled, ...foreign, ...divergent]) process.stdout.write(`fault: ${fault}\n`);
  const sizesCompared = [...roots.values()].filter(({ gateways }) => gateways.size > 1).length;
  const finalRoots = new Set(statuses.map(({ logSize, logRoot }) => `${logSize} ${logRoot}`));
  if (finalRoots.size > 1) rootsDiffer += 1;
  const figures = {
    minutes,
    kills,
    sizesCompared,
    rootsDiffer,
    accepted,
    lost: lost.length,
    doubled: doubled.length + foreign.length,
    divergent: divergent.length,
    rssMb: rssMb.at(-1),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exitCode = figures.rootsDiffer + figures.lost + figures.doubled + figures.divergent === 0 ? 0 : 1;
} finally {
  await site.stop();
  await site.remove();
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`soak: ${option} is "${text}", but must be a whole number from 1\n`);
  process.exit(2);
}

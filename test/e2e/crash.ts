/**
 * `npm run crash -- --kills N`: a site of real processes whose gateways are killed (kill -9) at random moments, one or two at a
 * time, and started again. The last line is JSON {"kills","accepted","lost","doubled","divergent"}; exit code 1 unless the last three are 0.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startTemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import { settled } from "./observe.ts";

const GATEWAYS = 4;
const SETTLE_MS = 60_000;

const { values } = parseArgs({ options: { kills: { type: "string", default: "20" } } });
const kills = Number(values.kills);
if (!(Number.isInteger(kills) && kills > 0)) {
  process.stderr.write(`crash: --kills is "${values.kills}", but must be a whole number from 1\n`);
  process.exit(2);
}

const site = await startTemporarySite({
  gateways: GATEWAYS,
  stations: "simulated",
  simulation: { ratePerSecond: 40, seed: Date.now() % 1000, inFlight: 4 },
  restart: false,
});
const between = (low: number, high: number): number => low + Math.random() * (high - low);

async function killAndRestart(name: string): Promise<void> {
  site.processes.kill(name, "SIGKILL");
  await sleep(between(50, 1_500));
  await site.processes.again(name);
}

/** What the processes said last: the directory is removed at the end. */
async function tellLogs(): Promise<void> {
  for (const { name, state } of site.processes.list()) {
    const log = await readFile(join(site.made.dir, "logs", `${name}.log`), "utf8");
    process.stdout.write(`${name} is ${state}:\n${log.trimEnd().split("\n").slice(-12).join("\n")}\n`);
  }
}

try {
  let done = 0;
  while (done < kills) {
    await sleep(between(100, 1_500));
    const names = site.made.site.gateways.map((gateway) => gateway.name).sort(() => Math.random() - 0.5);
    const victims = names.slice(0, Math.min(kills - done, Math.random() < 0.3 ? 2 : 1));
    await Promise.all(victims.map(killAndRestart));
    done += victims.length;
    process.stdout.write(`killed ${done} of ${kills}: ${victims.join(", ")}\n`);
  }
  site.processes.kill("devices", "SIGTERM");
  await settled(site.apis, SETTLE_MS).catch(async (error: unknown) => {
    await tellLogs();
    throw error;
  });
  await site.stop();
  const { accepted, lost, doubled, foreign, divergent } = await audit(site.made);
  for (const fault of [...lost, ...doubled, ...foreign, ...divergent]) process.stdout.write(`fault: ${fault}\n`);
  const figures = {
    kills: done,
    accepted,
    lost: lost.length,
    doubled: doubled.length + foreign.length,
    divergent: divergent.length,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  process.exitCode = figures.lost + figures.doubled + figures.divergent === 0 ? 0 : 1;
} finally {
  await site.stop();
  await site.remove();
}

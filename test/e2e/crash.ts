/**
 * `npm run crash -- --kills N`: a site of real processes whose gateways are killed (kill -9) at random moments, one or two at a
 * time, and started again; most while they work, some while they still start. Nothing sleeps longer than that: as soon as something has become final
 * since the last kill, or after two seconds without, the next one is due within a second. The last line is
 * JSON {"kills","accepted","lost","doubled","divergent"}; exit code 1 unless the last three are 0.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ProcessEnded, startTemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import { eventually, settled, statusOf } from "./observe.ts";

const GATEWAYS = 4;
const SETTLE_MS = 60_000;
const WORK_MS = 2_000;
const LOOK_MS = 50;
const MOST_STANDING = 4;

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
/** Gateways that are killed and not yet started again. */
const down = new Set<string>();
/** What a start that was not killed ended with. */
const failures: unknown[] = [];

function killAndRestart(name: string): void {
  down.add(name);
  site.processes.kill(name, "SIGKILL");
  gone(name)
    .then(async () => {
      await sleep(between(0, 600));
      const started = site.processes.again(name);
      down.delete(name);
      await started;
    })
    // Killed again before it was ready, which is what this is about; any other end of a start is a failure.
    .catch((error: unknown) => {
      if (!(error instanceof ProcessEnded && error.exitCode === null)) failures.push(error);
    });
}

/** A second signal to one that is still dying would be no second kill. */
async function gone(name: string): Promise<void> {
  await eventually(`${name} is gone`, SETTLE_MS, async () =>
    site.processes.list().some((one) => one.name === name && one.pid === null) ? true : null,
  );
}

async function mostFinal(): Promise<number> {
  const statuses = await Promise.all(site.apis.map(statusOf));
  return Math.max(0, ...statuses.map((status) => status?.statements ?? 0));
}

/** True when more is final than `seen`, as soon as that is so; false when it is not within two seconds. */
async function goesOn(seen: number): Promise<boolean> {
  const untilMs = performance.now() + WORK_MS;
  while (performance.now() < untilMs) {
    if ((await mostFinal()) > seen) return true;
    await sleep(LOOK_MS);
  }
  return false;
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
  let standing = 0;
  while (done < kills && failures.length === 0) {
    const worked = await goesOn(await mostFinal());
    standing = worked ? 0 : standing + 1;
    await sleep(between(0, 1_000));
    // Too often in a row without a quorum, and nothing would be tested any more but starting.
    if (standing >= MOST_STANDING) {
      await eventually("the site works between two kills", SETTLE_MS, async () =>
        (await goesOn(await mostFinal())) ? true : null,
      );
      standing = 0;
    }
    const names = site.made.site.gateways
      .map((gateway) => gateway.name)
      .filter((name) => !down.has(name))
      .sort(() => Math.random() - 0.5);
    const victims = names.slice(0, Math.min(kills - done, Math.random() < 0.3 ? 2 : 1));
    victims.forEach(killAndRestart);
    done += victims.length;
    process.stdout.write(`killed ${done} of ${kills}: ${victims.join(", ")}\n`);
  }
  if (failures.length > 0) throw failures[0];
  site.processes.kill("devices", "SIGTERM");
  await settled(site.apis, SETTLE_MS).catch(async (error: unknown) => {
    await tellLogs();
    throw error;
  });
  if (failures.length > 0) throw failures[0];
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

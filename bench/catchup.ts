import { readdir, readFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startTemporarySite, type TemporarySite, writeSimulation } from "../gateway/site/index.ts";
import { type GatewayMetrics, metricsOf, quantileMs } from "./metrics-of.ts";

const GATEWAYS = 4;
const AWAY = "gw-4";
const MAKING_IN_FLIGHT = 256;
/** A site that works as usual while one of its gateways catches up. */
const LIGHT_PER_SECOND = 60;
/** As long as the others are watched without serving anybody. */
const QUIET_MS = 10_000;
const LOOK_MS = 50;
const PATIENCE_MS = 300_000;

/**
 * `npm run bench -- catchup [--statements N]`: real processes. One of four gateways is stopped while N (100,000) statements become final
 * on the others (not timed); then it starts. `statementsPerSecond` = statements that it took in / time from its being ready until it has the
 * others' log. The others go on under a light load: their times from accepted to final are given without and with serving.
 * `--profile DIR`: CPU profiles of the threads of the gateway that catches up.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { statements, profile } = parse(args);
  const site = await startTemporarySite({
    gateways: GATEWAYS,
    stations: "mqtt",
    simulation: { ratePerSecond: 0, seed: 7, inFlight: MAKING_IN_FLIGHT, journal: false },
    restart: false,
  });
  try {
    return await measure(site, statements, profile);
  } finally {
    await site.stop();
    await site.remove();
  }
}

function parse(args: readonly string[]): { readonly statements: number; readonly profile: string | null } {
  const options = { statements: { type: "string", default: "100000" }, profile: { type: "string" } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const statements = Number(values.statements);
  if (!(Number.isInteger(statements) && statements > 0))
    throw new TypeError(`--statements is "${values.statements}", but must be a whole number above 0`);
  return { statements, profile: values.profile ?? null };
}

async function measure(
  site: TemporarySite,
  statements: number,
  profile: string | null,
): Promise<Record<string, unknown>> {
  const others = site.apis.filter(({ name }) => name !== AWAY);
  const [first] = others;
  const away = site.apis.find(({ name }) => name === AWAY);
  if (first === undefined || away === undefined) throw new Error(`the site has no ${AWAY}`);
  const look = (): Promise<readonly GatewayMetrics[]> => Promise.all(others.map(({ url }) => metricsOf(url)));

  await until(async () => (await logOf(first.url)).statements > 0);
  site.processes.kill(AWAY, "SIGTERM");
  await until(async () => site.processes.list().some(({ name, state }) => name === AWAY && state === "stopped"));
  const atLeaving = (await logOf(first.url)).statements;
  await until(async () => (await logOf(first.url)).statements >= atLeaving + statements);
  site.processes.kill("devices", "SIGTERM");
  await stationary(first.url);
  process.stdout.write(`${(await logOf(first.url)).statements - atLeaving} statements are final without ${AWAY}\n`);

  const light = { ratePerSecond: LIGHT_PER_SECOND, seed: 8, inFlight: 8, journal: false };
  await site.processes.start("light", ["devices-sim", "--spec", await writeSimulation(site.made, site.plan, light)]);
  await sleep(2_000);
  const quiet = await look();
  await sleep(QUIET_MS);
  const before = await look();

  if (profile !== null) process.env["NODE_OPTIONS"] = `--cpu-prof --cpu-prof-dir=${profile}`;
  const startedMs = performance.now();
  const up = site.processes.again(AWAY);
  const child = site.processes.list().find(({ name }) => name === AWAY)?.pid;
  // It has a machine of its own; here it must not take the others' processors, whose slowing by serving is what is measured.
  if (child !== undefined && child !== null) setPriority(child, constants.priority.PRIORITY_LOW);
  await up;
  const readyMs = performance.now();
  const [had, target] = await Promise.all([logOf(away.url), logOf(first.url)]);
  const cpuBefore = await threadsOf(child ?? 0);
  await until(async () => (await logOf(away.url)).statements >= target.statements);
  const endedMs = performance.now();
  const [after, cpuAfter] = await Promise.all([look(), threadsOf(child ?? 0)]);
  await agree(site);
  const taken = target.statements - had.statements;
  const seconds = (endedMs - readyMs) / 1_000;
  return {
    statementsPerSecond: Math.round(taken / seconds),
    statements: taken,
    seconds: round(seconds),
    startMs: Math.round(readyMs - startedMs),
    cpuUsPerStatement: usPerStatement(cpuBefore, cpuAfter, taken),
    quiet: latencies(quiet, before),
    serving: latencies(before, after),
  };
}

const latencies = (before: readonly GatewayMetrics[], after: readonly GatewayMetrics[]) => ({
  p50Ms: round(quantileMs(0.5, before, after)),
  p99Ms: round(quantileMs(0.99, before, after)),
});

type Log = { readonly statements: number; readonly logSize: number; readonly logRoot: string };

async function logOf(url: string): Promise<Log> {
  const answer = await fetch(`${url}/v1/status`, { signal: AbortSignal.timeout(60_000) });
  return (await answer.json()) as Log;
}

/** Processor time of each thread of a process so far, in ms. */
async function threadsOf(pid: number): Promise<ReadonlyMap<string, number>> {
  const threads = new Map<string, number>();
  for (const id of await readdir(`/proc/${pid}/task`)) {
    const stat = await readFile(`/proc/${pid}/task/${id}/stat`, "utf8").catch(() => null);
    // Behind the name in parentheses: fields 14 and 15 of proc(5), in hundredths of a second.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
    threads.set(id, (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10);
  }
  return threads;
}

/** Of the busiest threads (the event loop, the store's, the model's): what bounds the rate on a machine with nothing else to do. */
function usPerStatement(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  statements: number,
): readonly (number | null)[] {
  const spent = [...after].map(([id, ms]) => ms - (before.get(id) ?? 0)).sort((a, b) => b - a);
  return spent.slice(0, 4).map((ms) => round((ms * 1_000) / statements));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${PATIENCE_MS} ms: ${holds.toString()}`);
    await sleep(LOOK_MS);
  }
}

/** Everything accepted is final. */
async function stationary(url: string): Promise<void> {
  let last = -1;
  await until(async () => {
    const seen = (await logOf(url)).statements;
    const still = seen === last;
    last = seen;
    if (!still) await sleep(1_000);
    return still;
  });
}

/** Whoever has a log of one size has one root: what was caught up is the others' log. */
async function agree(site: TemporarySite): Promise<void> {
  site.processes.kill("light", "SIGTERM");
  await until(async () => {
    const logs = await Promise.all(site.apis.map(({ url }) => logOf(url)));
    return new Set(logs.map((log) => `${log.logSize} ${log.logRoot}`)).size === 1;
  });
}

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10);

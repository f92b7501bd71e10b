/**
 * `npm run sim -- --seeds A..B [--gateways N] [--attack NAME[,NAME]|all] [--jobs N]`: many seeds; `--seed S --trace` replays
 * one and tells what happens. The last line is JSON; exit code 1 = a property was violated.
 */
import { readOptions } from "./options.ts";
import { runSeeds } from "./pool.ts";
import { type Outcome, simulate } from "./simulation.ts";
import { digest } from "./trace.ts";

const options = readOptions(process.argv.slice(2));
const { first, last, gateways, attacks } = options;
const startedMs = performance.now();
const failedSeeds: number[] = [];
const peaks = new Map<string, number>();
const totals = { seeds: 0, violations: 0, accepted: 0, views: 0, crashes: 0, retired: 0, slowestSettledMs: 0 };
let toldMs = startedMs;
let firstViolation: string | null = null;
const hashes = new Map<number, string>();

function count(outcome: Outcome): boolean {
  totals.seeds += 1;
  hashes.set(outcome.seed, outcome.traceHash);
  totals.accepted += outcome.accepted;
  totals.views += outcome.views;
  totals.crashes += outcome.crashes;
  totals.retired += outcome.retired;
  totals.slowestSettledMs = Math.max(totals.slowestSettledMs, outcome.settledMs ?? 0);
  for (const [name, size] of Object.entries(outcome.peaks)) peaks.set(name, Math.max(peaks.get(name) ?? 0, size));
  if (outcome.violations.length > 0) {
    failedSeeds.push(outcome.seed);
    firstViolation ??= outcome.violations[0] ?? null;
    totals.violations += outcome.violations.length;
    console.error(`seed ${outcome.seed}: ${outcome.violations.slice(0, 3).join("; ")}`);
  }
  if (performance.now() - toldMs > 10_000) {
    toldMs = performance.now();
    console.error(`${totals.seeds} of ${last - first + 1} seeds, ${totals.violations} violations so far`);
  }
  return !options.untilViolation || totals.violations === 0;
}

let cpuMs = 0;
if (options.trace) {
  for (let seed = first; seed <= last; seed += 1) {
    const outcome = await simulate({ seed, gateways, attacks, trace: (line) => console.log(line) });
    console.log(JSON.stringify(outcome));
    count(outcome);
  }
} else cpuMs = (await runSeeds(options, count)).cpuMs;

/** Of all that happened in all runs, in the order of their seeds: the same on every version of Node. */
function traceHash(): string {
  const all = digest();
  for (const [, hash] of [...hashes].sort(([a], [b]) => a - b)) all.text(hash);
  return all.hex();
}

const seconds = (performance.now() - startedMs) / 1000;
console.log(
  JSON.stringify({
    ...totals,
    failedSeeds: failedSeeds.toSorted((a, b) => a - b),
    firstViolation,
    gateways,
    attacks: attacks.map(({ name }) => name),
    seconds: Number(seconds.toFixed(1)),
    seedsPerSecond: Number((totals.seeds / seconds).toFixed(1)),
    seedsPerCpuSecond: cpuMs === 0 ? null : Number(((totals.seeds * 1000) / cpuMs).toFixed(1)),
    traceHash: traceHash(),
    peaks: Object.fromEntries(peaks),
  }),
);
process.exitCode = totals.violations > 0 ? 1 : 0;

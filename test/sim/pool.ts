/** Runs many seeds on all cores. */
import { type ChildProcess, fork } from "node:child_process";
import type { RunOptions } from "./options.ts";
import { type Outcome, simulate } from "./simulation.ts";

export type PoolResult = { readonly cpuMs: number };

/** Fewer seeds than this are not worth starting processes for. */
const FEW_SEEDS = 8;

type Reply = { readonly outcome: Outcome; readonly cpuMs: number };

/** `done` gets every outcome, in any order; it answers false when no more are wanted. */
export async function runSeeds(options: RunOptions, done: (outcome: Outcome) => boolean): Promise<PoolResult> {
  const { first, last, jobs } = options;
  const processes = Math.min(jobs, Math.ceil((last - first + 1) / FEW_SEEDS));
  if (processes > 1) return inProcesses(options, processes, done);
  const begun = process.cpuUsage();
  for (let seed = first; seed <= last; seed += 1)
    if (!done(await simulate({ seed, gateways: options.gateways, attacks: options.attacks }))) break;
  const { user, system } = process.cpuUsage(begun);
  return { cpuMs: (user + system) / 1000 };
}

async function inProcesses(
  { first, last, gateways, attack }: RunOptions,
  processes: number,
  done: (outcome: Outcome) => boolean,
): Promise<PoolResult> {
  const args = ["--gateways", String(gateways), ...(attack === null ? [] : ["--attack", attack])];
  const cpuMs = new Map<ChildProcess, number>();
  let next = first;
  let isWanted = true;
  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(new URL("./worker.ts", import.meta.url), args);
      const feed = () => {
        if (next > last || !isWanted) return child.disconnect();
        child.send(next);
        next += 1;
      };
      child.on("message", (message) => {
        const reply = message as Reply;
        cpuMs.set(child, reply.cpuMs);
        if (isWanted && !done(reply.outcome)) isWanted = false;
        feed();
      });
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
      feed();
    });
  await Promise.all(Array.from({ length: processes }, worker));
  return { cpuMs: [...cpuMs.values()].reduce((sum, ms) => sum + ms, 0) };
}

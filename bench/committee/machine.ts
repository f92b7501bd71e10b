/** One gateway's event loop as a queue: what it does takes processor time, and what it sends leaves when that is done. */
import type { Clock } from "../../test/sim/clock.ts";

export type Machine = {
  /** Runs in its turn. */
  readonly enqueue: (run: () => void) => void;
  /** So much more work before anything else can begin. */
  readonly charge: (us: number) => void;
  /** How long from now until the work of this moment is done. */
  readonly lagMs: () => number;
  /** Work charged so far. */
  readonly busyMs: () => number;
};

export function makeMachine(clock: Clock): Machine {
  const queue: (() => void)[] = [];
  let head = 0;
  let waiting = false;
  let freeAtMs = clock.now();
  let totalMs = 0;

  function next(): void {
    waiting = false;
    if (freeAtMs > clock.now()) return wait();
    const run = queue[head];
    if (run === undefined) return;
    head += 1;
    if (head === queue.length) head = queue.splice(0).length - head;
    run();
    if (head < queue.length) wait();
  }

  function wait(): void {
    if (waiting) return;
    waiting = true;
    clock.after(freeAtMs - clock.now(), next);
  }

  return {
    enqueue: (run) => {
      queue.push(run);
      wait();
    },
    charge: (us) => {
      freeAtMs = Math.max(freeAtMs, clock.now()) + us / 1000;
      totalMs += us / 1000;
    },
    lagMs: () => Math.max(0, freeAtMs - clock.now()),
    busyMs: () => totalMs,
  };
}

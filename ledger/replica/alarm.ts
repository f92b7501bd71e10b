import type { ReplicaOptions } from "./types.ts";

export type Alarm = { readonly set: (atMs: number | null) => void };

/** So late rings an alarm only when the process was asleep or very busy. */
const LATE_MS = 5;

/** One timer that follows the earliest deadline. */
export function makeAlarm(now: () => number, after: ReplicaOptions["after"], ring: () => void): Alarm {
  let cancel: (() => void) | null = null;
  let setFor: number | null = null;

  function due(): void {
    setFor = null;
    cancel = null;
    ring();
  }

  return {
    set: (atMs: number | null) => {
      if (atMs === setFor) return;
      cancel?.();
      cancel = null;
      setFor = atMs;
      if (atMs === null) return;
      cancel = after(Math.max(0, atMs - now()), () => {
        // What came meanwhile waits in the sockets: it is heard before anybody is said to be silent (A11).
        if (now() - atMs > LATE_MS) cancel = after(0, due);
        else due();
      });
    },
  };
}

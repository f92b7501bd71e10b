import type { ReplicaOptions } from "./types.ts";

export type Alarm = { readonly set: (atMs: number | null) => void };

/** One timer that follows the earliest deadline. */
export function makeAlarm(now: () => number, after: ReplicaOptions["after"], ring: () => void): Alarm {
  let cancel: (() => void) | null = null;
  let setFor: number | null = null;
  return {
    set: (atMs: number | null) => {
      if (atMs === setFor) return;
      cancel?.();
      cancel = null;
      setFor = atMs;
      if (atMs === null) return;
      cancel = after(Math.max(0, atMs - now()), () => {
        setFor = null;
        cancel = null;
        ring();
      });
    },
  };
}

/** What one gateway takes for the time: a calendar clock that may be wrong in every way, and a steady one that only drifts. */
import type { Clock } from "./clock.ts";

export type GatewayClock = {
  /** Whatever the calendar clock shows. */
  readonly wall: () => number;
  readonly steady: () => number;
  /** Timers run by the steady clock. */
  readonly after: Clock["after"];
  readonly jump: (ms: number) => void;
  /** The calendar clock stops, or goes on from where it stopped. */
  readonly stand: (stands: boolean) => void;
};

/** `rate`: how fast its quartz runs, 1 = true. */
export function gatewayClock(clock: Clock, skewMs: number, rate: number): GatewayClock {
  const start = clock.now();
  let offsetMs = skewMs;
  let stoppedAt: number | null = null;
  const steady = () => start + (clock.now() - start) * rate;
  return {
    wall: () => Math.floor(stoppedAt ?? steady() + offsetMs),
    steady,
    after: (ms, run) => clock.after(ms / rate, run),
    jump: (ms) => {
      offsetMs += ms;
      if (stoppedAt !== null) stoppedAt += ms;
    },
    stand: (stands) => {
      if (stands) stoppedAt ??= steady() + offsetMs;
      else if (stoppedAt !== null) {
        offsetMs = stoppedAt - steady();
        stoppedAt = null;
      }
    },
  };
}

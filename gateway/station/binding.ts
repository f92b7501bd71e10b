import type { Input, StationSettings, StationState } from "./types.ts";

/** Whether loads on a stream scale tell one item from the next (P13). */
export function isGuarded({ devices }: StationSettings): boolean {
  return devices.some(({ delivery, measures }) => delivery === "stream" && measures.includes("mass"));
}

/**
 * P13: what comes while an unspent load stands there belongs to it; otherwise to the next one. What was acknowledged before
 * a restart belongs to no load: nobody watched the scale in between (P9).
 */
export function cycleOf(state: StationState, input: Extract<Input, { kind: "frame" }>): number | null {
  if (input.reloaded || !isGuarded(state.settings)) return null;
  return state.load.kind === "loaded" && state.weighed === null ? state.cycle : state.cycle + 1;
}

export { wakeAtMs } from "./pace.ts";
export { beginEpoch, genesisOf, recoverState } from "./recover.ts";
export { step } from "./step.ts";
export { finalView } from "./turn.ts";
export type { Effect, Input, Link, State } from "./types.ts";

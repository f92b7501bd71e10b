export { acksNeeded, laneCertificateHolds } from "./certificate.ts";
export { stepLanes } from "./lanes.ts";
export { WINDOW_BUNDLES } from "./own.ts";
export { NO_HASH, NOTHING, silentKey } from "./turn.ts";
export { beginEpoch, endOf, recoverLanes } from "./recover.ts";
export type { LaneEffect, LaneEnd, LaneInput, Lanes, Verdict } from "./types.ts";

export {
  type Ack,
  acksNeeded,
  ackBytes,
  encodeLaneCertificate,
  type LaneCertificate,
  laneCertificateHolds,
  laneCertificateValue,
  readLaneCertificate,
} from "./certificate.ts";
export { laneMessageValue, MAX_BUNDLE_STATEMENTS, readLaneMessage } from "./codec.ts";
export { unpacked } from "./history.ts";
export { stepLanes } from "./lanes.ts";
export { WINDOW_BUNDLES } from "./own.ts";
export { silentKey } from "./certify.ts";
export { NO_HASH, NOTHING } from "./turn.ts";
export { beginEpoch, endOf, recoverLanes } from "./recover.ts";
export type { LaneEffect, LaneEnd, LaneInput, LaneMessage, Lanes, Verdict } from "./types.ts";

export { type Bundle, type BundleHeader, type OpenedBundle, openBundle, sealBundle } from "./bundle.ts";
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
export { laneMessageValue, readLaneMessage } from "./codec.ts";
export { stepLanes } from "./lanes.ts";
export { WINDOW_BUNDLES } from "./own.ts";
export { silentKey } from "./receive.ts";
export { NO_HASH } from "./turn.ts";
export { recoverLanes } from "./recover.ts";
export type { LaneEffect, LaneInput, LaneMessage, Lanes, Verdict } from "./types.ts";

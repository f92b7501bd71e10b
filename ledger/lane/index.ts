export { type Bundle, type BundleHeader, type OpenedBundle, openBundle, sealBundle } from "./bundle.ts";
export { type Ack, acksNeeded, ackBytes, encodeLaneCertificate, type LaneCertificate, laneCertificateHolds, laneCertificateValue, readLaneCertificate } from "./certificate.ts";
export { laneMessageValue, readLaneMessage } from "./codec.ts";
export { NO_HASH, silentKey, stepLanes, WINDOW_BUNDLES } from "./lanes.ts";
export { recoverLanes } from "./recover.ts";
export type { LaneEffect, LaneInput, LaneMessage, Lanes, Verdict } from "./types.ts";

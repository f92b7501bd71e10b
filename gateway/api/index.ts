/** The gateway over HTTP. The rules are in README.md. */
export { type EventBus, type LiveEvent, makeEventBus } from "./event-bus.ts";
export { makeMetrics, type Metrics } from "./metrics.ts";
export type { ApiPort, ConfigurationShown, DeviceStatus, EvidenceShown, GatewayStatus } from "./port.ts";
export { buildApi } from "./server.ts";
export { parseSubmission, type Submission } from "./submission.ts";

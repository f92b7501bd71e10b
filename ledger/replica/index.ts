export { checkCheckpoint } from "./checkpoints.ts";
export { LogDiverged } from "./failures.ts";
export { startReplica } from "./replica.ts";
export { firstEpoch } from "./history.ts";
export { Closed } from "./failures.ts";
export type { PendingSuccessor } from "./successors.ts";
export { QueueFull } from "./sealer.ts";
export type {
  Accusation,
  CutOff,
  Draft,
  Keys,
  LaneStatus,
  PeerConduct,
  Refusal,
  Replica,
  ReplicaEvents,
  ReplicaOptions,
  ReplicaStatus,
} from "./types.ts";

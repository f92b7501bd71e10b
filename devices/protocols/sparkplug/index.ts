import { FRAME_LIMIT_BYTES, type Protocol, type ProtocolSettings, refused } from "../protocol.ts";
import { decodeFrame, measuredAt } from "./decode.ts";
import { type Mapping, mappingOf } from "./mapping.ts";

export { rebirthCommand, statePayload } from "./command.ts";
export { startHost, stepHost } from "./host.ts";
export {
  defaultHostTiming,
  type HostDevice,
  type HostEffect,
  type HostInput,
  type HostState,
  type HostTiming,
} from "./host-types.ts";
export {
  commandTopic,
  filtersOf,
  nodeKey,
  type NodeName,
  parseTopic,
  type SparkplugName,
  stateTopic,
} from "./topic.ts";

/** Weighings of Sparkplug B edge nodes: see README.md. The frames are made by the host application (`host.ts`). */
export const sparkplug: Protocol = {
  name: "sparkplug",
  cadence: "event",
  maxFrameBytes: FRAME_LIMIT_BYTES,
  framing: { kind: "session" },
  decodeFrame: () => refused("sparkplug needs settings: which metric is what"),
  measuredAt: null,
  startSession: null,
  withSettings,
};

function withSettings(settings: ProtocolSettings): Protocol | string {
  const mapping = mappingOf(settings);
  return typeof mapping === "string" ? mapping : mappedBy(mapping);
}

const mappedBy = (mapping: Mapping): Protocol => ({
  ...sparkplug,
  decodeFrame: (frame) => decodeFrame(frame, mapping),
  measuredAt: (frame) => measuredAt(frame, mapping),
});

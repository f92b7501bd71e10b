import { FRAME_LIMIT_BYTES, type Protocol } from "../protocol.ts";
import { decodeFrame, measuredAt } from "./decode.ts";

export { encodePack } from "./encode.ts";

/** SenML-JSON packs over a message transport: see README.md. */
export const senmlJson: Protocol = {
  name: "senml-json",
  cadence: "event",
  maxFrameBytes: FRAME_LIMIT_BYTES,
  framing: { kind: "message" },
  decodeFrame,
  measuredAt,
  startSession: null,
};

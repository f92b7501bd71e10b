import { FRAME_LIMIT_BYTES, type Protocol } from "../protocol.ts";
import { decodeFrame } from "./decode.ts";
import { startSession } from "./session.ts";

/** vMeasure dimensioners, by HTTP: see README.md. */
export const vmeasure: Protocol = {
  name: "vmeasure",
  cadence: "event",
  maxFrameBytes: FRAME_LIMIT_BYTES,
  framing: { kind: "message" },
  decodeFrame,
  measuredAt: null,
  startSession,
  wire: "http",
};

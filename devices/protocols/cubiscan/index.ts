import type { Protocol } from "../protocol.ts";
import { decodeFrame, isUnits } from "./decode.ts";
import { commandOf, CUBISCAN_FRAME_BYTES, takeFrame } from "./framing.ts";
import { startSession } from "./session.ts";

/** Cubiscan dimensioners: see README.md. */
export const cubiscan: Protocol = {
  name: "cubiscan",
  cadence: "event",
  maxFrameBytes: CUBISCAN_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession,
  // CU6: "which units?".
  probe: { bytes: commandOf("U"), isAnswer: isUnits },
};

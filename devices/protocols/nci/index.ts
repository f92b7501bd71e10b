import { startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeFrame } from "./decode.ts";
import { LONGEST_FRAME_BYTES, takeFrame } from "./framing.ts";

/** `W`, CR. */
const REQUEST_WEIGHT = Uint8Array.of(0x57, 0x0d);

/** NCI standard protocol, Weigh-Tronix SCP-01: see README.md. */
export const nci: Protocol = {
  name: "nci",
  cadence: "polled",
  maxFrameBytes: LONGEST_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession: startAsking({ ask: REQUEST_WEIGHT }),
};

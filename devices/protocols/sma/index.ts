import { startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeFrame } from "./decode.ts";
import { LONGEST_FRAME_BYTES, takeFrame } from "./framing.ts";

/** LF, `W`, CR. */
const REQUEST_WEIGHT = Uint8Array.of(0x0a, 0x57, 0x0d);

/** Scale Manufacturers Association SCP-0499: see README.md. */
export const sma: Protocol = {
  name: "sma",
  cadence: "polled",
  maxFrameBytes: LONGEST_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession: startAsking({ ask: REQUEST_WEIGHT }),
};

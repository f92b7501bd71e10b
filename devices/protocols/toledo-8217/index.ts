import { startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeIn, type Toledo8217Unit } from "./decode.ts";
import { LONGEST_FRAME_BYTES, takeFrame } from "./framing.ts";

const REQUEST_WEIGHT = Uint8Array.of(0x57);

/** Toledo 8217 and 8213, one name for each unit, because the unit is not on the wire (TE4): see README.md. */
const toledo8217 = (unit: Toledo8217Unit): Protocol => ({
  name: `toledo-8217-${unit}`,
  cadence: "polled",
  maxFrameBytes: LONGEST_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame: decodeIn(unit),
  measuredAt: null,
  startSession: startAsking({ ask: REQUEST_WEIGHT }),
  lines: [
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
  ],
  // P9: a status alone does not tell the two units apart, and counts for less.
  probe: { bytes: REQUEST_WEIGHT, isAnswer: (frame) => decodeIn(unit)(frame).kind === "quantities" },
});

export const toledo8217Kg = toledo8217("kg");
export const toledo8217Lb = toledo8217("lb");

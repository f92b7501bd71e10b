import { startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeFrame, isStandard } from "./decode.ts";
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
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
  ],
  // P9: the eighteen columns of a standard reply are nobody else's here.
  probe: { bytes: REQUEST_WEIGHT, isAnswer: isStandard },
};

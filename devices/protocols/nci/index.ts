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
  lines: [
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
  ],
  // P9: CR ETX and the constant bits of the status bytes are nobody else's here.
  probe: { bytes: REQUEST_WEIGHT, isAnswer: (frame) => decodeFrame(frame).kind !== "refused" },
};

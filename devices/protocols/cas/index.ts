import type { Protocol } from "../protocol.ts";
import { startSession } from "./session.ts";
import { CAS_FRAME_BYTES, DC1, decodeFrame, ENQ, takeFrame } from "./telegram.ts";

/** CAS retail scales, ENQ/ACK/DC1 handshake: see README.md. */
export const cas: Protocol = {
  name: "cas",
  cadence: "polled",
  maxFrameBytes: CAS_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession,
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
  ],
  // P9: both bytes at once, because a probe is one write; ENQ and DC1 (XON) ask and move nothing.
  probe: {
    bytes: Uint8Array.of(ENQ, DC1),
    isAnswer: (frame) => frame.length === CAS_FRAME_BYTES && decodeFrame(frame).kind !== "refused",
  },
  hasChecksum: true,
};

import { encodeLine, lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });

/** Ohaus command set: see README.md. No probe: its letter P prints a ticket on other makers' indicators (P9). */
export const ohaus: Protocol = {
  name: "ohaus",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  measuredAt: null,
  startSession: startAsking({ ask: encodeLine("IP") }),
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 2_400, dataBits: 7, parity: "none", stopBits: 2 },
    { baudRate: 9_600, dataBits: 7, parity: "none", stopBits: 2 },
  ],
};

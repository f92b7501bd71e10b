import { lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, lampAt, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE, binaryAt: lampAt });

/** The "ST,GS" family: AND-18, CAS-22, Dini Argeo, KERN: see README.md. */
export const stGs: Protocol = {
  name: "st-gs",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame), frame),
  measuredAt: null,
  startSession: startAsking({ ask: null }),
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 2_400, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
  ],
};

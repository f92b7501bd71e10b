import { lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE } from "./decode.ts";

const STX = 0x02;
const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE, start: STX });

/** Rice Lake continuous stream (RLWS): see README.md. */
export const riceLake: Protocol = {
  name: "rice-lake",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  measuredAt: null,
  startSession: startAsking({ ask: null }),
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
    { baudRate: 1_200, dataBits: 8, parity: "none", stopBits: 1 },
  ],
};

import { encodeLine, lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });

const ask = encodeLine("IP");

/** Ohaus command set: see README.md. */
export const ohaus: Protocol = {
  name: "ohaus",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  silentOutOfRange: true,
  measuredAt: null,
  startSession: startAsking({ ask }),
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 2_400, dataBits: 7, parity: "none", stopBits: 2 },
    { baudRate: 9_600, dataBits: 7, parity: "none", stopBits: 2 },
  ],
  // P9: all words of this maker that ask for something hold the letter P.
  probe: { bytes: ask, isAnswer: (frame) => decodeLine(lineOf(frame)).kind === "quantities", onlyInSilence: true },
};

import { encodeLine, lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE, weighingLine } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });
const ask = encodeLine("Q");

/** A&D standard format: see README.md. */
export const andStandard: Protocol = {
  name: "and-standard",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  measuredAt: null,
  startSession: startAsking({ ask }),
  lines: [
    { baudRate: 2_400, dataBits: 7, parity: "even", stopBits: 1 },
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
  ],
  // P9: "send what you show now"; A&D's header and nine signed columns belong to nobody else here.
  probe: { bytes: ask, isAnswer: (frame) => weighingLine.test(lineOf(frame) ?? "") },
};

import { lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });
/** SB6: ESC P, "print": the balance sends what it shows. */
const ask = Uint8Array.of(0x1b, 0x50, 0x0d, 0x0a);
const whichModel = Uint8Array.of(0x1b, 0x78, 0x31, 0x5f, 0x0d, 0x0a);
/** SB9: capitals and at least one digit, such as PMA7501-X00V1. */
const modelLine = /^ *(?=\S*\d)[A-Z]{2}[A-Z0-9.-]{3,} *$/;

/** Sartorius Balance Interface: see README.md. */
export const sartoriusSbi: Protocol = {
  name: "sartorius-sbi",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  measuredAt: null,
  startSession: startAsking({ ask }),
  lines: [
    { baudRate: 1_200, dataBits: 7, parity: "odd", stopBits: 1 },
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 9_600, dataBits: 7, parity: "odd", stopBits: 1 },
  ],
  // P9: ESC x1_ asks for the model; no ESC command of the other makers begins with a small x.
  probe: { bytes: whichModel, isAnswer: (frame) => modelLine.test(lineOf(frame) ?? "") },
};

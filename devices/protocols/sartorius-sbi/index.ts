import { lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });
/** SB6: ESC P, "print": the balance sends what it shows. */
const ask = Uint8Array.of(0x1b, 0x50, 0x0d, 0x0a);

/** Sartorius Balance Interface: see README.md. No probe: its letter P prints a ticket on other makers' indicators (P9). */
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
};

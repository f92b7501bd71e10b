import { startAsking } from "../line/index.ts";
import type { LineSettings, Protocol } from "../protocol.ts";
import { decodeChecked, decodePlain } from "./decode.ts";
import { CHECKED_BYTES, PLAIN_BYTES, takeChecked, takePlain } from "./framing.ts";

/** A terminal has no fixed setting; these are usual, and 4800 7E1 is that of Toledo do Brasil. */
const LINES: readonly LineSettings[] = [
  { baudRate: 9_600, dataBits: 7, parity: "even", stopBits: 1 },
  { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
  { baudRate: 4_800, dataBits: 7, parity: "even", stopBits: 1 },
];

/** METTLER TOLEDO standard continuous output without a checksum: see README.md. */
export const toledoContinuous: Protocol = {
  name: "toledo-continuous",
  cadence: "polled",
  maxFrameBytes: PLAIN_BYTES,
  framing: { kind: "stream", takeFrame: takePlain },
  decodeFrame: decodePlain,
  measuredAt: null,
  startSession: startAsking({ ask: null }),
  lines: LINES,
};

/** The same with its checksum. Two names, because a frame alone must say whether its last byte is owed (TC2). */
export const toledoContinuousChecksum: Protocol = {
  name: "toledo-continuous-checksum",
  cadence: "polled",
  maxFrameBytes: CHECKED_BYTES,
  framing: { kind: "stream", takeFrame: takeChecked },
  decodeFrame: decodeChecked,
  measuredAt: null,
  startSession: startAsking({ ask: null }),
  lines: LINES,
  hasChecksum: true,
};

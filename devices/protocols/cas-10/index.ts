import { lineFraming, signedField, startAsking, weightOf } from "../line/index.ts";
import { type Protocol, refused, status } from "../protocol.ts";

/** CT1: eight columns and nothing else. */
const COLUMNS = 8;
const BLANK = " ".repeat(COLUMNS);
const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: COLUMNS });

/** CT2: the unit is not on the wire; there is one protocol name for each. */
const units = ["kg", "g", "t", "lb"] as const;

/** CAS lines of 10 bytes, one protocol a unit: see README.md. */
export const cas10: readonly Protocol[] = units.map((unit) => ({
  name: `cas-10-${unit}`,
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => {
    const line = lineOf(frame);
    if (line === BLANK) return status("no-reading");
    const columns = line?.length === COLUMNS ? signedField(line) : null;
    if (columns === null) return refused("not eight columns of sign and digits closed by CR LF");
    return weightOf({ ...columns, unit, stability: "unknown", mode: "unknown" }, { [unit]: unit });
  },
  measuredAt: null,
  startSession: startAsking({ ask: null }),
}));

import { startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeChecked, decodePlain } from "./decode.ts";
import { CHECKED_BYTES, PLAIN_BYTES, takeChecked, takePlain } from "./framing.ts";

/** METTLER TOLEDO standard continuous output without a checksum: see README.md. */
export const toledoContinuous: Protocol = {
  name: "toledo-continuous",
  cadence: "polled",
  maxFrameBytes: PLAIN_BYTES,
  framing: { kind: "stream", takeFrame: takePlain },
  decodeFrame: decodePlain,
  measuredAt: null,
  startSession: startAsking({ ask: null }),
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
};

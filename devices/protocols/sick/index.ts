import type { Protocol } from "../protocol.ts";
import { decodeFrame } from "./decode.ts";
import { SICK_FRAME_BYTES, takeFrame } from "./telegram.ts";

export { encodeTelegram, parseTelegram, type Telegram } from "./telegram.ts";

/** SICK Master Data Analyzer, semicolon telegram: see README.md. */
export const sick: Protocol = {
  name: "sick",
  cadence: "event",
  maxFrameBytes: SICK_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession: null,
};

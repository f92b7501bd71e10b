import type { Protocol } from "../protocol.ts";
import { encodeCommand } from "./commands.ts";
import { decodeFrame } from "./decode.ts";
import { lineOf, MT_SICS_FRAME_BYTES, takeFrame } from "./framing.ts";
import { startSession } from "./session.ts";

export { encodeCommand } from "./commands.ts";
export { encodeLine } from "../line/index.ts";
export { formatReply, parseReply, type Reply } from "./replies.ts";

/** Mettler-Toledo Standard Interface Command Set, levels 0 and 1: see README.md. */
export const mtSics: Protocol = {
  name: "mt-sics",
  cadence: "polled",
  maxFrameBytes: MT_SICS_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  decodeFrame,
  measuredAt: null,
  startSession,
  // P9: an identity that only MT-SICS words like this; a scale that does not know it says ES.
  probe: { bytes: encodeCommand("I4"), isAnswer: (frame) => identity.test(lineOf(frame) ?? "") },
};

const identity = /^I4 (?:A "[^"]*"|I)$/;

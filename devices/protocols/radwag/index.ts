import { encodeLine, lineFraming, startAsking } from "../line/index.ts";
import type { Protocol } from "../protocol.ts";
import { decodeLine, identityOf, LONGEST_LINE } from "./decode.ts";

const { takeFrame, lineOf, maxFrameBytes } = lineFraming({ longest: LONGEST_LINE });
const whoAreYou = encodeLine("NB");

/** Radwag and KERN, commands acknowledged in two phases: see README.md. */
export const radwag: Protocol = {
  name: "radwag",
  cadence: "polled",
  maxFrameBytes,
  framing: { kind: "stream", takeFrame },
  decodeFrame: (frame) => decodeLine(lineOf(frame)),
  measuredAt: null,
  startSession: startAsking({
    ask: encodeLine("SI"),
    identity: { ask: whoAreYou, read: (frame) => identityOf(lineOf(frame)) },
  }),
  lines: [
    { baudRate: 9_600, dataBits: 8, parity: "none", stopBits: 1 },
    { baudRate: 4_800, dataBits: 8, parity: "none", stopBits: 1 },
  ],
  // P9: the serial number; the word NB is Radwag's alone.
  probe: { bytes: whoAreYou, isAnswer: (frame) => lineOf(frame)?.startsWith("NB ") ?? false },
};

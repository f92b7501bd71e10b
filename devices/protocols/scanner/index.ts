import type { Protocol } from "../protocol.ts";
import { decodeLine } from "./decode.ts";
import { SCANNER_FRAME_BYTES, takeFrame } from "./framing.ts";

const scanner: Omit<Protocol, "name" | "decodeFrame"> = {
  cadence: "event",
  maxFrameBytes: SCANNER_FRAME_BYTES,
  framing: { kind: "stream", takeFrame },
  measuredAt: null,
  startSession: null,
};

/** A barcode scanner whose codes are items as they stand: see README.md. */
export const scannerLine: Protocol = {
  ...scanner,
  name: "scanner-line",
  decodeFrame: decodeLine("any"),
  readsAnything: true,
};

/** A barcode scanner of which only GS1 element strings and EAN codes count: see README.md. */
export const scannerGs1: Protocol = { ...scanner, name: "scanner-gs1", decodeFrame: decodeLine("gs1") };

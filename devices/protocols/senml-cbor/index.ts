import { FRAME_LIMIT_BYTES, type Protocol } from "../protocol.ts";
import { decodePack, measuredAt, type Notation } from "../senml/index.ts";
import { openPack } from "./labels.ts";

const cbor: Notation = { name: "CBOR", open: openPack, data: "data" };

/** SenML-CBOR packs over a message transport: see README.md. */
export const senmlCbor: Protocol = {
  name: "senml-cbor",
  cadence: "event",
  maxFrameBytes: FRAME_LIMIT_BYTES,
  framing: { kind: "message" },
  decodeFrame: (frame) => decodePack(frame, cbor),
  measuredAt: (frame) => measuredAt(frame, cbor),
  startSession: null,
};

import { JsonReader } from "../../quantity/index.ts";
import { FRAME_LIMIT_BYTES, type Protocol } from "../protocol.ts";
import { decodePack, measuredAt, type Notation } from "../senml/index.ts";

export { encodePack } from "./encode.ts";

const json: Notation = { name: "JSON", open: (bytes) => new JsonReader(bytes), data: "string" };

/** SenML-JSON packs over a message transport: see README.md. */
export const senmlJson: Protocol = {
  name: "senml-json",
  cadence: "event",
  maxFrameBytes: FRAME_LIMIT_BYTES,
  framing: { kind: "message" },
  decodeFrame: (frame) => decodePack(frame, json),
  measuredAt: (frame) => measuredAt(frame, json),
  startSession: null,
};

import { lineFraming, startAsking } from "../line/index.ts";
import { type Protocol, type ProtocolSettings, refused } from "../protocol.ts";
import { decodeLine } from "./decode.ts";
import { describe } from "./settings.ts";

/** Before its settings are known a line is any line; nothing is read of it. */
const anyLine = lineFraming({ longest: 128 });

/** A scale that is described in the site's configuration: see README.md. */
export const pattern: Protocol = {
  name: "pattern",
  cadence: "polled",
  maxFrameBytes: anyLine.maxFrameBytes,
  framing: { kind: "stream", takeFrame: anyLine.takeFrame },
  decodeFrame: () => refused("pattern needs settings"),
  measuredAt: null,
  startSession: startAsking({ ask: null }),
  withSettings,
};

function withSettings(settings: ProtocolSettings): Protocol | string {
  const description = describe(settings);
  if (typeof description === "string") return description;
  const { takeFrame, maxFrameBytes } = description.framing;
  return {
    ...pattern,
    maxFrameBytes,
    framing: { kind: "stream", takeFrame },
    decodeFrame: (frame) => decodeLine(description, frame),
    startSession: startAsking({ ask: description.ask }),
  };
}

import { exactKilograms } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { lineOf } from "./framing.ts";
import { parseReply, type Reply } from "./replies.ts";

/** Decodes one raw reply line. Only a weight is a quantity; the rest is status (M4). */
export function decodeFrame(frame: Uint8Array): Decoded {
  const line = lineOf(frame);
  if (line === null) return refused("not one line of printable characters closed by CR LF");
  const reply = parseReply(line);
  return typeof reply === "string" ? refused(reply) : decodeReply(reply);
}

function decodeReply(reply: Reply): Decoded {
  switch (reply.kind) {
    case "weight": {
      if (exactKilograms(reply.value, reply.unit) === null) return refused("the weight has no exact value in kg");
      const { value, unit, stability } = reply;
      // M6: S and SI give the net weight, T, TI and TA a tare.
      const mode = reply.command === "S" ? "net" : "tare";
      return { kind: "quantities", quantities: [{ kind: "mass", value, unit, stability, mode }] };
    }
    case "refusal":
      return status(reply.reason);
    case "done":
      return status("done");
    case "information":
      return status("information");
    case "error":
      return status(reply.error);
  }
}

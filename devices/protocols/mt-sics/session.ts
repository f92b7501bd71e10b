import { type Identity, startAsking } from "../line/index.ts";
import { encodeCommand } from "./commands.ts";
import { lineOf } from "./framing.ts";
import { parseReply } from "./replies.ts";

/** M8: whatever comes before the identity may have been weighed for another host, or by another scale. */
const identity: Identity = {
  ask: encodeCommand("I4"),
  read: (frame) => {
    const line = lineOf(frame);
    const reply = line === null ? "" : parseReply(line);
    if (typeof reply === "string") return null;
    if (reply.kind === "information" && reply.command === "I4" && reply.fields.length === 1)
      return { serial: reply.fields[0] ?? "" };
    return reply.kind === "error" || (reply.kind === "refusal" && reply.command === "I4") ? "unable" : null;
  },
};

/** Polls a scale with SI after it has said who it is (M7, M8). */
export const startSession = startAsking({ ask: encodeCommand("SI"), identity });

import { encodeLine } from "../line/index.ts";

/** The commands that a host sends (M7); none of them changes zero or tare. */
type Command = "SI" | "I4";

export const encodeCommand = (command: Command): Uint8Array => encodeLine(command);

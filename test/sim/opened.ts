/** What is sent to all is one array of bytes: it is taken apart once for whoever looks at it. */
import { type Opened, openMessage } from "../../ledger/replica/wire.ts";

const opened = new WeakMap<Uint8Array, Opened>();

export function openOnce(bytes: Uint8Array): Opened {
  const known = opened.get(bytes);
  if (known !== undefined) return known;
  const message = openMessage(bytes);
  opened.set(bytes, message);
  return message;
}

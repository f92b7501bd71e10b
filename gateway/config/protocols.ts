import { protocolOf, protocols } from "../../devices/protocols/index.ts";
import type { Site } from "../../ledger/management/index.ts";

/** A device without a wire: its measurements come by POST with the gateway's token. */
const API_PROTOCOL = "api";

/**
 * C7: the first device whose frames this version cannot read; null = it can judge every statement of the site. The
 * rest of a sentence that begins with the configuration.
 */
export function faultOfProtocols({ devices }: Site): string | null {
  for (const [index, { protocol, settings }] of devices.entries()) {
    if (protocol === API_PROTOCOL) continue;
    if (!protocols.has(protocol))
      return `has the protocol "${protocol}" at devices[${index}], which this version does not know (it knows ${[...protocols.keys(), API_PROTOCOL].join(", ")}): correct the name, or update this gateway`;
    const understood = protocolOf(protocol, settings);
    if (typeof understood === "string")
      return `has settings at devices[${index}] that cannot be used: ${understood}; correct them, or update this gateway`;
  }
  return null;
}

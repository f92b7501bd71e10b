import { protocols } from "../../devices/protocols/index.ts";
import type { Site } from "../../ledger/management/index.ts";

/** A device without a wire: its measurements come by POST with the gateway's token. */
const API_PROTOCOL = "api";

/**
 * C7: the first device whose frames this version cannot read; null = it can judge every statement of the site. The
 * rest of a sentence that begins with the configuration.
 */
export function faultOfProtocols({ devices }: Site): string | null {
  const index = devices.findIndex(({ protocol }) => protocol !== API_PROTOCOL && !protocols.has(protocol));
  const device = devices[index];
  if (device === undefined) return null;
  return `has the protocol "${device.protocol}" at devices[${index}], which this version does not know (it knows ${[...protocols.keys(), API_PROTOCOL].join(", ")}): correct the name, or update this gateway`;
}

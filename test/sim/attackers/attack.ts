/** What an attacker is: a gateway with its true keys whose words on the wire are somebody else's. */
import type { Committee, GatewayIndex } from "../../../ledger/committee/index.ts";
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { SimulatedSite } from "../site.ts";

export type Attack = { readonly name: string; readonly begin: (context: AttackContext) => Attacker };

export type AttackContext = {
  readonly self: GatewayIndex;
  readonly site: SimulatedSite;
  readonly random: Random;
  readonly clock: Clock;
  /** With the attacker's own key for `sign`. */
  readonly committee: Committee;
  /** All attacked gateways, self included; they share memory through `shared`. */
  readonly colluders: readonly GatewayIndex[];
  readonly shared: Map<string, unknown>;
  /** Puts bytes on the wire as this gateway. */
  readonly send: (to: GatewayIndex, bytes: Uint8Array) => void;
};

export type Attacker = {
  /** What the honest replica of this gateway wants to send: what really leaves (dropped, changed, delayed, multiplied). */
  readonly outgoing: (
    to: GatewayIndex,
    bytes: Uint8Array,
  ) => readonly { readonly to: GatewayIndex; readonly bytes: Uint8Array; readonly delayMs?: number }[];
  /** Sees what comes in; false = the honest replica does not get it. */
  readonly incoming?: (from: GatewayIndex, bytes: Uint8Array) => boolean;
};

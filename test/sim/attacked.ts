/** Who is attacked in a run, and how the attackers of one gateway stand between its replica and the wire. */
import type { GatewayIndex } from "../../ledger/committee/index.ts";
import { committeeOf } from "../../ledger/replica/committee-of.ts";
import type { Attack, Attacker } from "./attackers/attack.ts";
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";
import type { SimulatedSite } from "./site.ts";

/** Which attacks ride on which gateway. */
export type Assignment = ReadonlyMap<GatewayIndex, readonly Attack[]>;

/**
 * Between one and `spare` gateways, each under some of the attacks; the first one under the attack whose turn the seed is, so that
 * a range of seeds leaves none out.
 */
export function assignAttacks(
  attacks: readonly Attack[],
  gateways: number,
  spare: number,
  seed: number,
  random: Random,
): Assignment {
  const assigned = new Map<GatewayIndex, readonly Attack[]>();
  const inTurn = attacks[seed % attacks.length];
  if (inTurn === undefined || spare === 0) return assigned;
  const victims = 1 + random.below(spare);
  while (assigned.size < victims) {
    const index = random.below(gateways);
    if (assigned.has(index)) continue;
    const some = attacks.filter((attack) => (assigned.size === 0 && attack === inTurn) || random.chance(0.3));
    assigned.set(index, some.length === 0 ? [random.pick(attacks)] : some);
  }
  return assigned;
}

export type Attacked = {
  /** What the replica wants to send goes through the attackers in order. */
  readonly outgoing: (to: GatewayIndex, bytes: Uint8Array) => void;
  readonly incoming: (from: GatewayIndex, bytes: Uint8Array) => boolean;
};

export type AttackedOptions = {
  readonly self: GatewayIndex;
  readonly attacks: readonly Attack[];
  readonly colluders: readonly GatewayIndex[];
  readonly shared: Map<string, unknown>;
  readonly site: SimulatedSite;
  readonly random: Random;
  readonly clock: Clock;
  readonly send: (to: GatewayIndex, bytes: Uint8Array) => void;
};

export function beginAttack(options: AttackedOptions): Attacked {
  const { self, site, clock, send } = options;
  const { verify, verifyReveal } = site;
  const committee = committeeOf({ site: site.site, self, keys: site.keys(self), verify, verifyReveal });
  const attackers = options.attacks.map((attack) => attack.begin({ ...options, committee }));

  function through(attackers: readonly Attacker[], to: GatewayIndex, bytes: Uint8Array): void {
    const [first, ...rest] = attackers;
    if (first === undefined) return send(to, bytes);
    for (const { to: target, bytes: sent, delayMs } of first.outgoing(to, bytes)) {
      if (delayMs === undefined) through(rest, target, sent);
      else clock.after(delayMs, () => through(rest, target, sent));
    }
  }

  return {
    outgoing: (to, bytes) => through(attackers, to, bytes),
    incoming: (from, bytes) =>
      // Each of them sees it, whatever the ones before it let through.
      attackers.map((attacker) => attacker.incoming?.(from, bytes) ?? true).every((isLetIn) => isLetIn),
  };
}

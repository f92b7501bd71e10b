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

/** One attack struck: counted, so that a test can tell an attacker from one that does nothing. */
export function strike({ shared }: AttackContext, name: string): void {
  const counts = strikesOf(shared);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often each attack struck, of all attacked gateways together. */
export function strikesOf(shared: Map<string, unknown>): Map<string, number> {
  return sharedMap<string, number>(shared, "strikes");
}

/** A map that all attacked gateways see under `name`. */
export function sharedMap<K, V>(shared: Map<string, unknown>, name: string): Map<K, V> {
  const known = shared.get(name) as Map<K, V> | undefined;
  const map = known ?? new Map<K, V>();
  if (known === undefined) shared.set(name, map);
  return map;
}

/** Takes part in the conspiracy: what others sign with this gateway's key and say on its links. */
export function conspire(context: AttackContext): void {
  sharedMap<GatewayIndex, AttackContext>(context.shared, "conspirators").set(context.self, context);
}

/** Everybody who does, this gateway included. */
export function conspirators({ shared }: AttackContext): readonly AttackContext[] {
  return [...sharedMap<GatewayIndex, AttackContext>(shared, "conspirators").values()];
}

/** Everybody else of the site. */
export function othersOf({ committee }: AttackContext): readonly GatewayIndex[] {
  return Array.from({ length: committee.size }, (_, index) => index).filter((index) => index !== committee.self);
}

/** Acts again and again, at random times with this mean between them. */
export function repeatedly({ clock, random }: AttackContext, meanMs: number, act: () => void): void {
  const next = () => {
    act();
    clock.after(random.wait(meanMs), next);
  };
  clock.after(random.wait(meanMs), next);
}

/** A random part of `items`, at least `least` of them when there are so many. */
export function someOf<T>(random: Random, items: readonly T[], least: number): readonly T[] {
  const rest = [...items];
  const count = Math.min(items.length, least + random.below(items.length - least + 1));
  return Array.from({ length: count }, () => rest.splice(random.below(rest.length), 1)[0] as T);
}

/**
 * The time that the protocol needs when processors and disks cost nothing and the leader's turn is just then: the one-way
 * delays of its critical path, from a bundle on its way to its finalization at its owner.
 */
import { collectorsOf, isLarge, ownerCollects } from "../../ledger/committee/index.ts";
import type { Random } from "../../test/sim/random.ts";
import { committeeOf } from "../../test/committee/fake.ts";
import type { Network } from "./networks.ts";

const DRAWS = 400;

/** The median over owners, leaders and collectors drawn at random. */
export function neededMs(gateways: number, network: Network, random: Random): number {
  const times = Array.from({ length: DRAWS }, (_, view) => pathMs(gateways, network, random, view));
  return times.toSorted((a, b) => a - b)[DRAWS >> 1] ?? 0;
}

function pathMs(gateways: number, { oneWayMs }: Network, random: Random, view: number): number {
  const committee = committeeOf(gateways, 0);
  const { quorum, voters } = committee;
  const owner = random.below(gateways);
  const leader = random.below(gateways);
  const far = (from: number, to: number) => (from === to ? 0 : oneWayMs(from, to));
  const large = isLarge(committee);
  /** When the quorum's slowest word reaches somebody: `said` by each voter at its time. */
  const quorumAt = (to: number, said: (voter: number) => number, needed = quorum) =>
    voters.map((voter) => said(voter) + far(voter, to)).toSorted((a, b) => a - b)[needed - 1] ?? 0;
  /** When a certificate is known to somebody: from votes, or from the collector whose word comes first. */
  const certificateAt = (kind: string, said: (voter: number) => number): ((to: number) => number) => {
    if (!large) return (to) => quorumAt(to, said);
    const collected = collectorsOf(committee, kind, view, 0).map((one) => ({ one, atMs: quorumAt(one, said) }));
    return (to) => Math.min(...collected.map(({ one, atMs }) => atMs + far(one, to)));
  };
  // Bundle -> acks -> certificate at the leader; the owner's own word is in the bundle.
  const acked = (to: number) => quorumAt(to, (voter) => far(owner, voter));
  const certified = ownerCollects(committee) ? acked(owner) + far(owner, leader) : acked(leader);
  // Propose -> notarize -> Notarization -> finalize -> Finalization at the owner.
  const notarized = memo(certificateAt("notarize", (voter) => certified + far(leader, voter)));
  return certificateAt("finalize", notarized)(owner);
}

function memo(compute: (key: number) => number): (key: number) => number {
  const known = new Map<number, number>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}

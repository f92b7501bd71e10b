/** What all properties share: who is in the site, who may lie, and where a violation is told. */
import type { Committee, GatewayIndex } from "../../../ledger/committee/index.ts";

export type Context = {
  /** Of any gateway: what its members have in common. */
  readonly committee: Committee;
  /** Counted here anew, so that a wrong count in the core shows: the least q with n + f < 2q. */
  readonly quorum: number;
  readonly isLiar: (gateway: GatewayIndex) => boolean;
  /** `property`: the rule, or the name in the safety proof. */
  readonly violated: (property: string, text: string) => void;
};

export function quorumFor(gateways: number): number {
  const mayLie = Math.ceil(gateways / 3) - 1;
  let quorum = 1;
  while (2 * quorum <= gateways + mayLie) quorum += 1;
  return quorum;
}

export const nameOf = (gateway: GatewayIndex): string => `gw-${gateway + 1}`;

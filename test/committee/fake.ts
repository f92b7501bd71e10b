/** A committee whose signatures are cheap and deterministic (`test/sim/site.ts`): only their owner can make them, as with Ed25519. */
import type { Committee } from "../../ledger/committee/index.ts";
import { sha256, toHex } from "../../ledger/crypto/index.ts";
import { quorumOf } from "../../ledger/management/index.ts";
import { simulatedSite } from "../sim/site.ts";

/** The committee as gateway `self` of `size` sees it. */
export function committeeOf(size: number, self: number): Committee {
  const { site, keys, verify, verifyReveal } = simulatedSite(size);
  const { sign, prove } = keys(self);
  const names = site.gateways.map(({ name }) => name);
  const keyIds = names.map((_, index) => keys(index).keyId);
  return {
    site: site.site,
    epoch: site.epoch,
    configHash: site.configHash,
    self,
    size,
    voters: [...site.gateways.keys()],
    member: true,
    eras: new Map([[site.epoch, { configHash: site.configHash, keyIds, verify, ends: names.map(() => Infinity) }]]),
    ownFrom: 0,
    names,
    keyIds,
    quorum: quorumOf(size),
    sign,
    verify,
    prove,
    verifyReveal,
  };
}

/** 64 hex digits that stand for what `text` names. */
export function hashOfText(text: string): string {
  return toHex(sha256(new TextEncoder().encode(text)));
}

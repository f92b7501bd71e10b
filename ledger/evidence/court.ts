import type { BundleHeader } from "../bundle/index.ts";
import type { Committee, GatewayIndex } from "../committee/index.ts";
import { verify } from "../crypto/index.ts";
import { type Note, verifyCosignature } from "../log/index.ts";
import { originOf, type Site, siteKeys } from "../management/index.ts";
import type { Statement } from "../statement/index.ts";

/** What is false in a statement of a lane by the rules that need no model (E5), as a clause; null = nothing. Pure. */
export type Falsehood = (lane: GatewayIndex, statement: Statement) => string | null;

/** One configuration of a site, and what evidence is held against: its keys and its rules for statements. */
export type Court = Pick<Committee, "site" | "epoch" | "configHash" | "names" | "verify"> & {
  /** The log's name in checkpoints (G2). */
  readonly origin: string;
  /** Whether the gateway's checkpoint key cosigned the note, and nothing else stands on it. */
  readonly cosigned: (gateway: GatewayIndex, note: Note) => boolean;
  readonly falsehood: Falsehood;
};

/** Stand for Ed25519 where a simulation has something cheaper. */
export type Verifiers = {
  readonly verify?: Committee["verify"] | undefined;
  readonly verifyCosignature?: Committee["verify"] | undefined;
};

/** The court that anybody can hold who has the site's configuration. */
export function courtOf(site: Site, falsehood: Falsehood, verifiers: Verifiers = {}): Court {
  const keys = siteKeys(site).gateways;
  const { verifyCosignature: verifyOf } = verifiers;
  return {
    site: site.site,
    epoch: site.epoch,
    configHash: site.configHash,
    names: site.gateways.map(({ name }) => name),
    origin: originOf(site.site),
    verify:
      verifiers.verify ??
      ((gateway, message, signature) => {
        const key = keys[gateway]?.key.key;
        return key !== undefined && verify(key, message, signature);
      }),
    cosigned: (gateway, { body, signatures }) => {
      const key = keys[gateway]?.checkpointKey;
      const [only, ...others] = signatures;
      if (key === undefined || only === undefined || others.length > 0) return false;
      const holds = verifyOf && ((message: Uint8Array, bytes: Uint8Array) => verifyOf(gateway, message, bytes));
      return verifyCosignature(key, body, only, holds).kind === "accept";
    },
    falsehood,
  };
}

/** The checks, in the order in which they are made. */
export const EVIDENCE_CHECKS = ["format", "site", "gateway", "signatures", "offence"] as const;
export type EvidenceCheck = (typeof EVIDENCE_CHECKS)[number];

/** Why a bundle is not the accused's under this configuration. */
export function strangeness(court: Court, owner: GatewayIndex, header: BundleHeader): string | null {
  if (header.gateway !== court.names[owner]) return `a bundle in it is of ${header.gateway}`;
  if (header.site !== court.site || header.epoch !== court.epoch || header.configHash !== court.configHash)
    return `a bundle in it is of site ${header.site}, epoch ${header.epoch}, which is not this configuration`;
  return null;
}

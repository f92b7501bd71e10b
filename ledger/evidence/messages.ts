/** E8, E9: what gateways tell each other about offences: CBOR arrays that begin with the message's kind. */
import type { CborValue } from "../cbor/index.ts";
import { type GatewayIndex, type Hash, hashBytes } from "../committee/index.ts";
import { asBytes, asGateway, asHash, asNatural, asSignature } from "../message/wire.ts";
import { MAX_COSE_BYTES, MAX_EVIDENCE_BYTES } from "./format.ts";

export type EvidenceMessage =
  /** E9: a piece of evidence, whole. */
  | { readonly kind: "evidence"; readonly file: Uint8Array }
  /** E8: "this is what I heard from the leader of the view that you voted in". */
  | {
      readonly kind: "heardProposal";
      readonly view: number;
      readonly hash: Hash;
      readonly leader: GatewayIndex;
      readonly signature: Uint8Array;
    }
  /** E8: "this is the bundle of that number that I heard of its owner". */
  | { readonly kind: "heardBundle"; readonly cose: Uint8Array };

export function evidenceMessageValue(message: EvidenceMessage): readonly CborValue[] {
  switch (message.kind) {
    case "evidence":
      return [message.kind, message.file];
    case "heardProposal":
      return [message.kind, message.view, hashBytes(message.hash), message.leader, message.signature];
    case "heardBundle":
      return [message.kind, message.cose];
  }
}

/** The message in a decoded array, or null when its kind belongs to somebody else. Throws `Malformed`. */
export function readEvidenceMessage([kind, a, b, c, d]: readonly CborValue[]): EvidenceMessage | null {
  switch (kind) {
    case "evidence":
      return { kind, file: asBytes(a, "evidence", MAX_EVIDENCE_BYTES) };
    case "heardProposal": {
      const view = asNatural(a, "view");
      return {
        kind,
        view,
        hash: asHash(b, "hash"),
        leader: asGateway(c, "leader"),
        signature: asSignature(d, "signature"),
      };
    }
    case "heardBundle":
      return { kind, cose: asBytes(a, "bundle", MAX_COSE_BYTES) };
    default:
      return null;
  }
}

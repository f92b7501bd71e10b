/** What gateways say to each other about lanes, and its bytes: CBOR arrays that begin with the message's kind. */
import { type CborValue, encode } from "../cbor/index.ts";
import {
  type Committee,
  type GatewayIndex,
  type Hash,
  hashBytes,
  type Signed,
  signedBytes,
} from "../committee/index.ts";
import {
  asBytes,
  asGateway,
  asHash,
  asList,
  asNatural,
  asSignature,
  asText,
  Malformed,
  MAX_GATEWAYS,
  asSignatures,
  signaturesValue,
} from "./wire.ts";

export type Ack = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly hash: Hash;
  readonly voter: GatewayIndex;
  readonly signature: Uint8Array;
};

/** A quorum holds and has validated this bundle and all below it. The owner counts by the signature inside the bundle. */
export type LaneCertificate = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly hash: Hash;
  readonly acks: readonly Signed[];
};

export type LaneMessage =
  | { readonly kind: "bundle"; readonly cose: Uint8Array; readonly statements: readonly Uint8Array[] }
  /** Bundles `from`, from + 1, ... of a lane, packed (ledger/bundle, B7). */
  | { readonly kind: "bundles"; readonly lane: GatewayIndex; readonly from: number; readonly packed: Uint8Array }
  | { readonly kind: "ack"; readonly ack: Ack }
  | { readonly kind: "laneCertificate"; readonly certificate: LaneCertificate }
  /**
   * What the sender holds of every lane (count of bundles), and its highest certificates. `again`: a link came up or things
   * stand still, so what was sent before may be lost; otherwise it only tells an owner how far a catching-up copy is.
   */
  | {
      readonly kind: "tips";
      readonly again: boolean;
      readonly held: readonly number[];
      readonly certificates: readonly LaneCertificate[];
    }
  /** L6: `count` bundles of a lane from number `from` on. */
  | { readonly kind: "fetchBundles"; readonly lane: GatewayIndex; readonly from: number; readonly count: number }
  /** L3: "I do not acknowledge your bundle, because ..." */
  | {
      readonly kind: "refusal";
      readonly lane: GatewayIndex;
      readonly number: number;
      readonly hash: Hash;
      readonly reason: string;
    };

/** C1: what an ack's signature covers. */
export function ackBytes(committee: Committee, lane: GatewayIndex, number: number, hash: Hash): Uint8Array {
  return signedBytes(committee, "ack", [lane, number], hash);
}

const MAX_COSE_BYTES = 4096;
/** 16 frames of 512 bytes and all else that a statement may hold. */
const MAX_STATEMENT_BYTES = 16_384;
/** L5: what an owner puts into one bundle at most. */
export const MAX_BUNDLE_STATEMENTS = 1024;
/** L5: far above what an honest owner fills a bundle with; whatever is certified must also fit into a `bundles` message. */
const MAX_BODY_BYTES = 512 * 1024;
const MAX_PACKED_BYTES = MAX_BODY_BYTES + 2 * MAX_COSE_BYTES;
/** Reasons are sentences; a peer cannot make us keep a novel. */
const MAX_REASON_LENGTH = 500;

export function laneMessageValue(message: LaneMessage): readonly CborValue[] {
  switch (message.kind) {
    case "bundle":
      return ["bundle", message.cose, message.statements];
    case "bundles":
      return ["bundles", message.lane, message.from, message.packed];
    case "ack": {
      const { lane, number, hash, voter, signature } = message.ack;
      return ["ack", lane, number, hashBytes(hash), voter, signature];
    }
    case "laneCertificate":
      return ["laneCertificate", laneCertificateValue(message.certificate)];
    case "tips":
      return ["tips", message.again, message.held, message.certificates.map(laneCertificateValue)];
    case "fetchBundles":
      return ["fetchBundles", message.lane, message.from, message.count];
    case "refusal":
      return [
        "refusal",
        message.lane,
        message.number,
        hashBytes(message.hash),
        message.reason.slice(0, MAX_REASON_LENGTH).toWellFormed(),
      ];
  }
}

/** The lane message in a decoded array, or null when its kind belongs to somebody else. Throws `Malformed`. */
export function readLaneMessage(fields: readonly CborValue[]): LaneMessage | null {
  const [kind, a, b, c, d, e] = fields;
  switch (kind) {
    case "bundle": {
      const statements = asList(b, "statements", MAX_BUNDLE_STATEMENTS).map((body) =>
        asBytes(body, "statement", MAX_STATEMENT_BYTES),
      );
      if (statements.reduce((sum, { length }) => sum + 4 + length, 0) > MAX_BODY_BYTES)
        throw new Malformed(`the statements of a bundle have more than ${MAX_BODY_BYTES} bytes`);
      return { kind, cose: asBytes(a, "bundle header", MAX_COSE_BYTES), statements };
    }
    case "bundles":
      return {
        kind,
        lane: asGateway(a, "bundles' lane"),
        from: asNatural(b, "bundles from"),
        packed: asBytes(c, "packed bundles", MAX_PACKED_BYTES),
      };
    case "ack":
      return {
        kind,
        ack: {
          lane: asGateway(a, "ack lane"),
          number: asNatural(b, "ack number"),
          hash: asHash(c, "ack hash"),
          voter: asGateway(d, "ack voter"),
          signature: asSignature(e, "ack signature"),
        },
      };
    case "laneCertificate":
      return { kind, certificate: readLaneCertificate(a) };
    case "tips":
      if (typeof a !== "boolean") throw new Malformed("tips do not say whether they start again");
      return {
        kind,
        again: a,
        held: asList(b, "tips", MAX_GATEWAYS).map((held) => asNatural(held, "tip")),
        certificates: asList(c, "tips", MAX_GATEWAYS).map(readLaneCertificate),
      };
    case "fetchBundles":
      return {
        kind,
        lane: asGateway(a, "fetch lane"),
        from: asNatural(b, "fetch from"),
        count: asNatural(c, "fetch count"),
      };
    case "refusal":
      return {
        kind,
        lane: asGateway(a, "refusal lane"),
        number: asNatural(b, "refusal number"),
        hash: asHash(c, "refusal hash"),
        reason: asText(d, "refusal reason", MAX_REASON_LENGTH),
      };
    default:
      return null;
  }
}

export function laneCertificateValue({ lane, number, hash, acks }: LaneCertificate): CborValue {
  return [lane, number, hashBytes(hash), signaturesValue(acks)];
}

export function encodeLaneCertificate(certificate: LaneCertificate): Uint8Array {
  return encode(laneCertificateValue(certificate));
}

export function readLaneCertificate(value: CborValue | undefined): LaneCertificate {
  const [lane, number, hash, acks] = asList(value, "lane certificate", 4);
  return {
    lane: asGateway(lane, "certificate lane"),
    number: asNatural(number, "certificate number"),
    hash: asHash(hash, "certificate hash"),
    acks: asSignatures(acks, "certificate acks"),
  };
}

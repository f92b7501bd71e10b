import { type CborValue, contentOf, decode, decodeUnchecked, encode, tagged } from "../cbor/index.ts";
import { bytesEqual, fromHex, sha256, toHex } from "../crypto/index.ts";
import { leafHash, treeRoot } from "../log/index.ts";
import { NAME_PATTERN } from "../statement/index.ts";

/** B1: what a gateway says of its bundle, all of it under its signature. */
export type BundleHeader = {
  readonly site: string;
  readonly gateway: string;
  readonly epoch: number;
  /** Hash of the site configuration, 64 hex digits. */
  readonly configHash: string;
  readonly number: number;
  /** Hash of the gateway's previous bundle, 64 hex digits; zeros for bundle 0. */
  readonly parent: string;
  /** Number of the first statement. */
  readonly first: number;
  /** How many statements there are. */
  readonly count: number;
  /** Unix milliseconds. */
  readonly created: number;
};

export type Bundle = {
  readonly header: BundleHeader;
  /** RFC 9162 root over the statements, 64 hex digits. */
  readonly root: string;
  /** B6: SHA-256 of `cose`, 64 hex digits: covers the signature too (L2). */
  readonly hash: string;
  /** The COSE_Sign1 with the root attached: the log's leaf. */
  readonly cose: Uint8Array;
  /** Empty when only the header was opened. */
  readonly statements: readonly Uint8Array[];
};

export type OpenedBundle =
  | {
      readonly kind: "accept";
      readonly bundle: Bundle;
      /** The Sig_structure: what `signature` signs. The caller verifies it with the key it trusts for the gateway. */
      readonly signed: Uint8Array;
      readonly signature: Uint8Array;
      /** COSE kid: the first 8 bytes of the SHA-256 of the raw public key. */
      readonly keyId: Uint8Array;
    }
  | { readonly kind: "reject"; readonly reason: string };

/** B5: more than a bundle's byte limit lets through, and less than what would make a path interesting to an attacker. */
const COUNT_LIMIT = 65_535;
const NO_PARENT = "0".repeat(64);
const ALGORITHM = 1;
const KEY_ID = 4;
const CWT_CLAIMS = 15;
const PROOF_STRUCTURE = 395;
const EDDSA = -8;
const RFC9162_SHA256 = 1;
const ISSUER = 1;
const SUBJECT = 2;
const PRIVATE_LABEL = "tallystick";

/**
 * B1-B4: signs `statements` (encoded, in order) as one bundle. `sign` gets the Sig_structure and returns 64 bytes.
 * Throws when the header breaks a rule: signing such a bundle would be a bug.
 */
export function sealBundle(
  header: BundleHeader,
  statements: readonly Uint8Array[],
  keyId: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): Bundle {
  const fault =
    faultOf(header) ??
    (header.count === statements.length ? null : `count ${header.count} is not ${statements.length}`);
  if (fault !== null) throw new Error(`Bundle ${header.number} of ${header.gateway} cannot be sealed: ${fault}.`);
  if (keyId.length !== 8) throw new Error(`A COSE key id has 8 bytes, not ${keyId.length}.`);
  const root = treeRoot(statements.map(leafHash));
  const protectedHeader = encodeProtected(header, keyId);
  const cose = encodeCose(protectedHeader, new Map(), root, sign(signedBytes(protectedHeader, root)));
  return { header, root: toHex(root), hash: toHex(sha256(cose)), cose, statements };
}

/**
 * B1-B5: opens a bundle from bytes that anybody may have made; null statements open the header only and leave the root
 * unchecked. Says nothing about the signature: that is the caller's, who knows the keys. Never throws.
 */
export function openBundle(cose: Uint8Array, statements: readonly Uint8Array[] | null): OpenedBundle {
  const opened = openedBefore.get(cose) ?? openHeader(cose);
  openedBefore.set(cose, opened);
  if (opened.kind === "reject" || statements === null) return opened;
  const { bundle } = opened;
  if (statements.length !== bundle.header.count)
    return rejected(`count is ${bundle.header.count}, but ${statements.length} statements came along`);
  if (toHex(treeRoot(statements.map(leafHash))) !== bundle.root)
    return rejected("the root is not that of the statements");
  return { ...opened, bundle: { ...bundle, statements } };
}

/** The lanes and the witness open the same bytes, which nobody changes: a bundle of a message is read once. */
const openedBefore = new WeakMap<Uint8Array, OpenedBundle>();

function openHeader(cose: Uint8Array): OpenedBundle {
  const parts = partsOf(cose);
  if (parts.kind === "reject") return parts;
  if (!(parts.payload instanceof Uint8Array) || parts.payload.length !== 32)
    return rejected("the payload is not a root of 32 bytes");
  if (parts.unprotected.size !== 0) return rejected("the unprotected header is not empty");
  const opened = openProtected(parts.protectedHeader);
  if (opened.kind === "reject") return opened;
  const { header, keyId } = opened;
  return {
    kind: "accept",
    bundle: { header, root: toHex(parts.payload), hash: toHex(sha256(cose)), cose, statements: [] },
    signed: signedBytes(parts.protectedHeader, parts.payload),
    signature: parts.signature,
    keyId,
  };
}

/** B4: what the signature of a bundle covers: the Sig_structure of RFC 9052 section 4.4, without external data. */
export function signedBytes(protectedHeader: Uint8Array, root: Uint8Array): Uint8Array {
  return encode(["Signature1", protectedHeader, new Uint8Array(), root]);
}

/** B2: a COSE_Sign1 (RFC 9052 section 4.2) under its tag. */
export function encodeCose(
  protectedHeader: Uint8Array,
  unprotected: ReadonlyMap<number, CborValue>,
  payload: Uint8Array | null,
  signature: Uint8Array,
): Uint8Array {
  return encode(tagged(18, [protectedHeader, unprotected, payload, signature]));
}

export type CoseParts =
  | {
      readonly kind: "accept";
      readonly protectedHeader: Uint8Array;
      readonly unprotected: ReadonlyMap<number | string, CborValue>;
      readonly payload: Uint8Array | null;
      readonly signature: Uint8Array;
    }
  | { readonly kind: "reject"; readonly reason: string };

/** B2: takes a tagged COSE_Sign1 apart. Deterministic CBOR only (re-encoded and compared). Never throws. */
export function partsOf(cose: Uint8Array): CoseParts {
  const decoded = decode(cose);
  if (decoded.kind === "reject") return decoded;
  const content = contentOf(decoded.value, 18);
  if (!Array.isArray(content) || content.length !== 4) return rejected("it is not a tagged COSE_Sign1 of four parts");
  const [protectedHeader, unprotected, payload, signature] = content as readonly CborValue[];
  if (!(protectedHeader instanceof Uint8Array)) return rejected("the protected header is not a byte string");
  if (!(unprotected instanceof Map)) return rejected("the unprotected header is not a map");
  if (!(payload instanceof Uint8Array) && payload !== null)
    return rejected("the payload is neither a byte string nor nil");
  if (!(signature instanceof Uint8Array) || signature.length !== 64) return rejected("the signature has not 64 bytes");
  return { kind: "accept", protectedHeader, unprotected, payload, signature };
}

/** Whether two COSE_Sign1 sign the same bytes, however they are signed: then one of them contradicts nothing in the other. */
export function isSameContent(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [partsOf(one), partsOf(other)];
  if (a.kind === "reject" || b.kind === "reject" || a.payload === null || b.payload === null) return false;
  return bytesEqual(a.protectedHeader, b.protectedHeader) && bytesEqual(a.payload, b.payload);
}

/** B3: the protected header's bytes. */
function encodeProtected(header: BundleHeader, keyId: Uint8Array): Uint8Array {
  return encode(
    new Map<number | string, CborValue>([
      [ALGORITHM, EDDSA],
      [KEY_ID, keyId],
      [
        CWT_CLAIMS,
        new Map([
          [ISSUER, `urn:tallystick:${header.site}:${header.gateway}`],
          [SUBJECT, `urn:tallystick:${header.site}`],
        ]),
      ],
      [PROOF_STRUCTURE, RFC9162_SHA256],
      [
        PRIVATE_LABEL,
        new Map<string, CborValue>([
          ["count", header.count],
          ["epoch", header.epoch],
          ["first", header.first],
          ["number", header.number],
          ["parent", fromHex(header.parent) ?? new Uint8Array()],
          ["created", header.created],
          ["configHash", fromHex(header.configHash) ?? new Uint8Array()],
        ]),
      ],
    ]),
  );
}

type OpenedHeader =
  | { readonly kind: "accept"; readonly header: BundleHeader; readonly keyId: Uint8Array }
  | { readonly kind: "reject"; readonly reason: string };

/** B3: reads the protected header; the comparison with its own encoding refuses every label that B3 does not name. */
export function openProtected(bytes: Uint8Array): OpenedHeader {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") return rejected(`in the protected header ${decoded.reason}`);
  const map = decoded.value;
  if (!(map instanceof Map)) return rejected("the protected header is not a map");
  const keyId: CborValue | undefined = map.get(KEY_ID);
  const claims: CborValue | undefined = map.get(CWT_CLAIMS);
  const own: CborValue | undefined = map.get(PRIVATE_LABEL);
  if (!(keyId instanceof Uint8Array) || keyId.length !== 8) return rejected("the key id has not 8 bytes");
  if (!(claims instanceof Map) || !(own instanceof Map))
    return rejected("the protected header lacks its claims or its tallystick map");
  const header = headerOf(claims, own);
  if (header === null) return rejected("a field of the protected header has the wrong type");
  const fault = faultOf(header);
  if (fault !== null) return rejected(fault);
  if (!bytesEqual(encodeProtected(header, keyId), bytes))
    return rejected("the protected header has a label or value that the format does not have");
  return { kind: "accept", header, keyId };
}

function headerOf(
  claims: ReadonlyMap<number | string, CborValue>,
  own: ReadonlyMap<number | string, CborValue>,
): BundleHeader | null {
  const issuer = claims.get(ISSUER);
  const [urn, scheme, site, gateway, ...rest] = typeof issuer === "string" ? issuer.split(":") : [];
  if (urn !== "urn" || scheme !== "tallystick" || site === undefined || gateway === undefined || rest.length > 0)
    return null;
  const [epoch, number, first, count, created] = ["epoch", "number", "first", "count", "created"].map((name) =>
    own.get(name),
  );
  const configHash = own.get("configHash");
  const parent = own.get("parent");
  if (typeof epoch !== "number" || typeof number !== "number" || typeof first !== "number") return null;
  if (typeof count !== "number" || typeof created !== "number") return null;
  if (!(configHash instanceof Uint8Array) || !(parent instanceof Uint8Array)) return null;
  return { site, gateway, epoch, configHash: toHex(configHash), number, parent: toHex(parent), first, count, created };
}

/** B1: what is wrong with a header, null when nothing is. */
function faultOf(header: BundleHeader): string | null {
  if (!NAME_PATTERN.test(header.site)) return `site ${JSON.stringify(header.site)} is not a name`;
  if (!NAME_PATTERN.test(header.gateway)) return `gateway ${JSON.stringify(header.gateway)} is not a name`;
  for (const name of ["epoch", "number", "first", "count", "created"] as const) {
    if (!Number.isSafeInteger(header[name]) || header[name] < 0)
      return `${name} ${header[name]} is not a whole number from 0`;
  }
  if (header.count < 1 || header.count > COUNT_LIMIT) return `count ${header.count} is not from 1 to ${COUNT_LIMIT}`;
  if (header.configHash.length !== 64 || fromHex(header.configHash) === null) return "configHash is not a SHA-256";
  if (header.parent.length !== 64 || fromHex(header.parent) === null) return "parent is not a SHA-256";
  if ((header.number === 0) !== (header.parent === NO_PARENT)) return "exactly bundle 0 has the zero parent";
  if (header.number > header.first)
    return `bundle ${header.number} starts at statement ${header.first}, but no bundle is empty`;
  if (header.number === 0 && header.first !== 0) return `bundle 0 starts at statement ${header.first}, not 0`;
  return null;
}

function rejected(reason: string): { readonly kind: "reject"; readonly reason: string } {
  return { kind: "reject", reason };
}

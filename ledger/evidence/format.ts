/** E2: the bytes of evidence. One offence, as shown by these very signatures, has one spelling. */
import { type CborValue, decode, encode } from "../cbor/index.ts";
import { hashBytes } from "../committee/index.ts";
import { asBytes, asGateway, asHash, asList, asNatural, asSignature, asText, Malformed } from "../message/wire.ts";
import { bytesEqual } from "../crypto/index.ts";
import type { Ballot, Evidence, Offence, Pair, Shown, SignedHash } from "./evidence.ts";

const FORMAT = "tallystick-evidence/v1";
const MEMBERS = 7;
/** Two statements of 16 KiB with their paths and two headers stay below this. */
export const MAX_EVIDENCE_BYTES = 64 * 1024;
export const MAX_COSE_BYTES = 4096;
const MAX_STATEMENT_BYTES = 16_384;
const MAX_NAME_LENGTH = 32;
const MAX_NOTE_LENGTH = 4096;
/** A path in a bundle of at most 65,535 statements. */
const MAX_PATH = 16;

export type OpenedEvidence =
  | { readonly kind: "accept"; readonly evidence: Evidence }
  | { readonly kind: "reject"; readonly reason: string };

/** E2: whether a file says that it is evidence of this format. */
export function isEvidence(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_EVIDENCE_BYTES) return false;
  const decoded = decode(bytes);
  return decoded.kind === "accept" && decoded.value instanceof Map && decoded.value.get("format") === FORMAT;
}

export function encodeEvidence({ site, epoch, configHash, gateway, offence }: Evidence): Uint8Array {
  return encode(
    new Map<string, CborValue>([
      ["site", site],
      ["epoch", epoch],
      ["fault", offence.kind],
      ["proof", proofOf(offence)],
      ["format", FORMAT],
      ["gateway", gateway],
      ["configHash", hashBytes(configHash)],
    ]),
  );
}

/** E2: reads a file that anybody may have made. Says nothing about whether it proves anything. Never throws. */
export function openEvidence(bytes: Uint8Array): OpenedEvidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) return rejected(`it has more than ${MAX_EVIDENCE_BYTES} bytes`);
  const decoded = decode(bytes);
  if (decoded.kind === "reject") return decoded;
  try {
    const evidence = readEvidence(decoded.value);
    // Whatever was not looked at, and the order of a pair, is compared here.
    if (!bytesEqual(encodeEvidence(evidence), bytes)) return rejected("it is not in its one spelling");
    return { kind: "accept", evidence };
  } catch (error) {
    if (error instanceof Malformed) return rejected(error.message);
    throw error;
  }
}

function rejected(reason: string): OpenedEvidence {
  return { kind: "reject", reason };
}

function readEvidence(file: CborValue): Evidence {
  if (!(file instanceof Map) || file.size !== MEMBERS || file.get("format") !== FORMAT)
    throw new Malformed(`this is no ${FORMAT} file`);
  const member = (name: string): CborValue | undefined => file.get(name);
  return {
    site: asText(member("site"), "site", MAX_NAME_LENGTH),
    epoch: asNatural(member("epoch"), "epoch"),
    configHash: asHash(member("configHash"), "configuration"),
    gateway: asText(member("gateway"), "gateway", MAX_NAME_LENGTH),
    offence: readOffence(asText(member("fault"), "fault", MAX_NAME_LENGTH), asList(member("proof"), "proof", 4)),
  };
}

function proofOf(offence: Offence): CborValue {
  switch (offence.kind) {
    case "two-proposals":
      return [offence.view, ...inOrder(offence.proposals.map(signedHashValue))];
    case "two-votes":
      return [offence.view, ...inOrder(offence.votes.map(ballotValue))];
    case "two-acks":
      return [offence.lane, offence.number, ...inOrder(offence.acks.map(signedHashValue))];
    case "two-bundles":
      return inOrder(offence.bundles);
    case "two-logs":
      return inOrder(offence.notes);
    case "false-bundle":
      return offence.shown.map(shownValue);
    case "false-ack":
      return [offence.signature, ...offence.shown.map(shownValue)];
  }
}

function readOffence(kind: string, proof: readonly CborValue[]): Offence {
  const [a, b, c, d] = proof;
  switch (kind) {
    case "two-proposals":
      return { kind, view: asNatural(a, "view"), proposals: [readSignedHash(b), readSignedHash(c)] };
    case "two-votes":
      return { kind, view: asNatural(a, "view"), votes: [readBallot(b), readBallot(c)] };
    case "two-acks": {
      const acks: Pair<SignedHash> = [readSignedHash(c), readSignedHash(d)];
      return { kind, lane: asGateway(a, "lane"), number: asNatural(b, "number"), acks };
    }
    case "two-bundles":
      return { kind, bundles: [asBytes(a, "bundle", MAX_COSE_BYTES), asBytes(b, "bundle", MAX_COSE_BYTES)] };
    case "two-logs":
      return { kind, notes: [asText(a, "note", MAX_NOTE_LENGTH), asText(b, "note", MAX_NOTE_LENGTH)] };
    case "false-bundle":
      return { kind, shown: readAllShown(proof) };
    case "false-ack":
      return { kind, signature: asSignature(a, "ack"), shown: readAllShown(proof.slice(1)) };
    default:
      throw new Malformed(`${JSON.stringify(kind)} is no fault of this format`);
  }
}

/** One spelling for a pair, whichever of the two was seen first. */
function inOrder(pair: readonly CborValue[]): readonly CborValue[] {
  return pair.toSorted((a, b) => Buffer.compare(encode(a), encode(b)));
}

function signedHashValue({ hash, signature }: SignedHash): CborValue {
  return [hashBytes(hash), signature];
}

function readSignedHash(value: CborValue | undefined): SignedHash {
  const [hash, signature] = asList(value, "signed hash", 2);
  return { hash: asHash(hash, "hash"), signature: asSignature(signature, "signature") };
}

function ballotValue({ kind, hash, signature }: Ballot): CborValue {
  return [kind, hash === null ? null : hashBytes(hash), signature];
}

function readBallot(value: CborValue | undefined): Ballot {
  const [kind, hash, bytes] = asList(value, "vote", 3);
  const signature = asSignature(bytes, "vote signature");
  if (kind === "nullify" && hash === null) return { kind, hash, signature };
  if (kind === "notarize" || kind === "finalize") return { kind, hash: asHash(hash, "vote hash"), signature };
  throw new Malformed("a vote is neither notarize, finalize nor nullify");
}

function shownValue({ cose, statements }: Shown): CborValue {
  return [cose, statements.map(({ index, bytes, path }) => [index, bytes, path])];
}

function readAllShown(values: readonly CborValue[]): readonly Shown[] {
  if (values.length < 1 || values.length > 2) throw new Malformed("it shows neither one bundle nor two");
  return values.map(readShown);
}

function readShown(value: CborValue): Shown {
  const [cose, statements] = asList(value, "bundle", 2);
  return {
    cose: asBytes(cose, "bundle", MAX_COSE_BYTES),
    statements: asList(statements, "statements", 2).map((statement) => {
      const [index, bytes, path] = asList(statement, "statement", 3);
      return {
        index: asNatural(index, "index"),
        bytes: asBytes(bytes, "statement", MAX_STATEMENT_BYTES),
        path: asList(path, "path", MAX_PATH).map((hash) => asBytes(hash, "path", 32)),
      };
    }),
  };
}

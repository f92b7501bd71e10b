/** One message on a link: of the lanes, of agreement, about checkpoints, or about offences. Any byte string gets an answer (R6). */
import { type CborValue, decode, encode } from "../cbor/index.ts";
import { asBytes, asHash, asNatural, asSignature, asText, Malformed } from "../message/wire.ts";
import { type EvidenceMessage, evidenceMessageValue, readEvidenceMessage } from "../evidence/index.ts";
import { type Hash, hashBytes } from "../committee/index.ts";
import {
  type LaneMessage,
  laneMessageValue,
  type Message,
  messageValue,
  readLaneMessage,
  readMessage,
} from "../message/index.ts";

/** C2SP notes, as text; at most 256 KiB (500 gateways and 16 ledgers sign in about 90 kB). */
const MAX_NOTE_LENGTH = 256 * 1024;
const MAX_NAME_LENGTH = 128;
/** What a frame takes (ledger/peers, P3): some thousand devices. */
export const MAX_DOCUMENT_BYTES = 1_000_000;

export type CheckpointMessage =
  /** A checkpoint note with the sender's cosignature alone. */
  | { readonly kind: "cosignature"; readonly size: number; readonly note: string }
  /** A checkpoint with a quorum of cosignatures. */
  | { readonly kind: "checkpoint"; readonly note: string }
  /** The same, countersigned by a shared ledger. */
  | { readonly kind: "anchor"; readonly ledger: string; readonly note: string };

/** R11, R12: about configurations. */
export type ManagementMessage =
  /** The sender approves of the successor with this hash. */
  | { readonly kind: "approval"; readonly hash: Hash; readonly signature: Uint8Array }
  | { readonly kind: "successorRequest"; readonly hash: Hash }
  /** A configuration with the approvals that the sender knows (`encodeApproved`). */
  | { readonly kind: "successor"; readonly document: Uint8Array }
  /** Nothing but the epoch that every message carries, for a peer that has missed its beginning. */
  | { readonly kind: "epoch" };

export type AnyMessage =
  | { readonly layer: "lane"; readonly message: LaneMessage }
  | { readonly layer: "agreement"; readonly message: Message }
  | { readonly layer: "checkpoint"; readonly message: CheckpointMessage }
  | { readonly layer: "evidence"; readonly message: EvidenceMessage }
  | { readonly layer: "management"; readonly message: ManagementMessage };

export type Opened =
  /** R11: `epoch`: in which the sender is. */
  | { readonly kind: "accept"; readonly epoch: number; readonly opened: AnyMessage }
  | { readonly kind: "reject"; readonly reason: string };

export function sealMessage(message: AnyMessage, epoch = 0): Uint8Array {
  return encode([epoch, ...fieldsOf(message)]);
}

/** The same for the bytes of a message of agreement, which are kept without the epoch: one field more in front. */
export function inEpoch(message: Uint8Array, epoch: number): Uint8Array {
  const number = encode(epoch);
  const wired = new Uint8Array(message.length + number.length);
  wired[0] = (message[0] ?? 0) + 1;
  wired.set(number, 1);
  wired.set(message.subarray(1), 1 + number.length);
  return wired;
}

function fieldsOf({ layer, message }: AnyMessage): readonly CborValue[] {
  switch (layer) {
    case "lane":
      return laneMessageValue(message);
    case "agreement":
      return messageValue(message);
    case "checkpoint":
      return checkpointValue(message);
    case "evidence":
      return evidenceMessageValue(message);
    case "management":
      return managementValue(message);
  }
}

export function openMessage(bytes: Uint8Array): Opened {
  const decoded = decode(bytes);
  if (decoded.kind === "reject") return decoded;
  try {
    return openValue(decoded.value);
  } catch (error) {
    if (error instanceof Malformed) return { kind: "reject", reason: error.message };
    throw error;
  }
}

function openValue(value: CborValue): Opened {
  if (!Array.isArray(value)) throw new Malformed("a message is a list");
  const [first, ...fields]: readonly CborValue[] = value;
  const epoch = asNatural(first, "epoch of a message");
  return { kind: "accept", epoch, opened: openFields(fields) };
}

function openFields(fields: readonly CborValue[]): AnyMessage {
  const lane = readLaneMessage(fields);
  if (lane !== null) return { layer: "lane", message: lane };
  const agreement = readMessage(fields);
  if (agreement !== null) return { layer: "agreement", message: agreement };
  const evidence = readEvidenceMessage(fields);
  if (evidence !== null) return { layer: "evidence", message: evidence };
  const management = readManagementMessage(fields);
  if (management !== null) return { layer: "management", message: management };
  return { layer: "checkpoint", message: readCheckpointMessage(fields) };
}

function managementValue(message: ManagementMessage): readonly CborValue[] {
  switch (message.kind) {
    case "approval":
      return [message.kind, hashBytes(message.hash), message.signature];
    case "successorRequest":
      return [message.kind, hashBytes(message.hash)];
    case "successor":
      return [message.kind, message.document];
    case "epoch":
      return [message.kind];
  }
}

function readManagementMessage([kind, a, b]: readonly CborValue[]): ManagementMessage | null {
  switch (kind) {
    case "approval":
      return { kind, hash: asHash(a, "approved hash"), signature: asSignature(b, "approval") };
    case "successorRequest":
      return { kind, hash: asHash(a, "requested hash") };
    case "successor":
      return { kind, document: asBytes(a, "configuration", MAX_DOCUMENT_BYTES) };
    case "epoch":
      return { kind };
    default:
      return null;
  }
}

function checkpointValue(message: CheckpointMessage): readonly CborValue[] {
  switch (message.kind) {
    case "cosignature":
      return [message.kind, message.size, message.note];
    case "checkpoint":
      return [message.kind, message.note];
    case "anchor":
      return [message.kind, message.ledger, message.note];
  }
}

function readCheckpointMessage([kind, a, b]: readonly CborValue[]): CheckpointMessage {
  switch (kind) {
    case "cosignature":
      return { kind, size: asNatural(a, "cosigned size"), note: asText(b, "cosigned note", MAX_NOTE_LENGTH) };
    case "checkpoint":
      return { kind, note: asText(a, "checkpoint", MAX_NOTE_LENGTH) };
    case "anchor":
      return {
        kind,
        ledger: asText(a, "ledger name", MAX_NAME_LENGTH),
        note: asText(b, "anchored checkpoint", MAX_NOTE_LENGTH),
      };
    default:
      throw new Malformed("a message of an unknown kind");
  }
}

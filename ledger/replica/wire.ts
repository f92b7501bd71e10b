/** One message on a link: of the lanes, of agreement, about checkpoints, or about offences. Any byte string gets an answer (R6). */
import { type Message, messageValue, readMessage } from "../agreement/index.ts";
import { type CborValue, decode, encode } from "../cbor/index.ts";
import { asNatural, asText, Malformed } from "../committee/wire.ts";
import { type EvidenceMessage, evidenceMessageValue, readEvidenceMessage } from "../evidence/index.ts";
import { type LaneMessage, laneMessageValue, readLaneMessage } from "../lane/index.ts";

/** C2SP notes, as text; at most 256 KiB (500 gateways and 16 ledgers sign in about 90 kB). */
const MAX_NOTE_LENGTH = 256 * 1024;
const MAX_NAME_LENGTH = 128;

export type CheckpointMessage =
  /** A checkpoint note with the sender's cosignature alone. */
  | { readonly kind: "cosignature"; readonly size: number; readonly note: string }
  /** A checkpoint with a quorum of cosignatures. */
  | { readonly kind: "checkpoint"; readonly note: string }
  /** The same, countersigned by a shared ledger. */
  | { readonly kind: "anchor"; readonly ledger: string; readonly note: string };

export type AnyMessage =
  | { readonly layer: "lane"; readonly message: LaneMessage }
  | { readonly layer: "agreement"; readonly message: Message }
  | { readonly layer: "checkpoint"; readonly message: CheckpointMessage }
  | { readonly layer: "evidence"; readonly message: EvidenceMessage };

export type Opened =
  | { readonly kind: "accept"; readonly opened: AnyMessage }
  | { readonly kind: "reject"; readonly reason: string };

export function sealMessage({ layer, message }: AnyMessage): Uint8Array {
  switch (layer) {
    case "lane":
      return encode(laneMessageValue(message));
    case "agreement":
      return encode(messageValue(message));
    case "checkpoint":
      return encode(checkpointValue(message));
    case "evidence":
      return encode(evidenceMessageValue(message));
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
  const fields: readonly CborValue[] = value;
  const lane = readLaneMessage(fields);
  if (lane !== null) return { kind: "accept", opened: { layer: "lane", message: lane } };
  const agreement = readMessage(fields);
  if (agreement !== null) return { kind: "accept", opened: { layer: "agreement", message: agreement } };
  const evidence = readEvidenceMessage(fields);
  if (evidence !== null) return { kind: "accept", opened: { layer: "evidence", message: evidence } };
  return { kind: "accept", opened: { layer: "checkpoint", message: readCheckpointMessage(fields) } };
}

function checkpointValue(message: CheckpointMessage): CborValue {
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

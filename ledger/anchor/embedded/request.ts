import { fromBase64 } from "../../crypto/index.ts";
import { type Checkpoint, type Note, parseCheckpoint, parseNote } from "../../log/index.ts";

/** C2SP tlog-witness: a client must not send more. */
const PROOF_LIMIT = 63;
const OLD_LINE = /^old (0|[1-9][0-9]{0,15})$/;

/** E2: the body of `POST /add-checkpoint`. */
export type AddCheckpoint = {
  readonly old: number;
  readonly proof: readonly Uint8Array[];
  /** The submitted note as it came, and taken apart. */
  readonly text: string;
  readonly note: Note;
  readonly checkpoint: Checkpoint;
};

export type ParsedRequest =
  | { readonly kind: "accept"; readonly request: AddCheckpoint }
  | { readonly kind: "reject"; readonly reason: string };

/** Never throws. */
export function parseRequest(body: string): ParsedRequest {
  const blank = body.indexOf("\n\n");
  if (blank === -1) return rejected("no blank line separates the proof from the checkpoint");
  const [oldLine = "", ...proofLines] = body.slice(0, blank).split("\n");
  const digits = OLD_LINE.exec(oldLine)?.[1];
  const old = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(old))
    return rejected('the first line is not "old" and a tree size');
  if (proofLines.length > PROOF_LIMIT) return rejected(`the proof has more than ${PROOF_LIMIT} lines`);
  const proof: Uint8Array[] = [];
  for (const line of proofLines) {
    const hash = fromBase64(line);
    if (hash?.length !== 32) return rejected(`proof line ${proof.length + 1} is not the base64 of 32 bytes`);
    proof.push(hash);
  }
  const text = body.slice(blank + 2);
  const note = parseNote(text);
  if (note.kind === "reject") return note;
  const parsed = parseCheckpoint(note.note.body);
  if (parsed.kind === "reject") return parsed;
  const { checkpoint } = parsed;
  if (old > checkpoint.size) return rejected(`the old size ${old} is above the checkpoint's ${checkpoint.size}`);
  return { kind: "accept", request: { old, proof, text, note: note.note, checkpoint } };
}

/** The same body, written by a client. */
export function formatRequest(old: number, proof: readonly string[], note: string): string {
  return `old ${old}\n${proof.map((hash) => `${hash}\n`).join("")}\n${note}`;
}

function rejected(reason: string): ParsedRequest {
  return { kind: "reject", reason };
}

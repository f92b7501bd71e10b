import { fromBase64, toBase64 } from "../crypto/index.ts";
import { KEY_NAME_PATTERN } from "./vkey.ts";

/** M7: one signature line of a signed note. */
export type NoteSignature = {
  readonly name: string;
  /** 4 bytes; a hint which key of that name it is. */
  readonly keyId: Uint8Array;
  /** What follows the key id: for cosignature/v1 the time and the Ed25519 signature. */
  readonly signature: Uint8Array;
};

export type Note = {
  /** The signed text with its last line feed. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
};

export type ParsedNote =
  | { readonly kind: "accept"; readonly note: Note }
  | { readonly kind: "reject"; readonly reason: string };

/** M7: a committee of 500 gateways and 16 ledgers signs in about 90 kB. */
const NOTE_LIMIT_CHARACTERS = 1 << 18;
const LINE_START = "\u2014 ";

/** M7: the text of a signed note (C2SP signed-note): body, blank line, one line a signature, in the order given. */
export function formatNote({ body, signatures }: Note): string {
  const lines = signatures.map(
    ({ name, keyId, signature }) => `${LINE_START}${name} ${toBase64(Buffer.concat([keyId, signature]))}\n`,
  );
  return `${body}\n${lines.join("")}`;
}

/** M7, M10: reads a signed note; only the spelling that `formatNote` gives is accepted. Verifies nothing. Never throws. */
export function parseNote(text: string): ParsedNote {
  if (text.length > NOTE_LIMIT_CHARACTERS) return rejected(`it has more than ${NOTE_LIMIT_CHARACTERS} characters`);
  const split = text.lastIndexOf("\n\n");
  if (split === -1) return rejected("no blank line separates text and signatures");
  const body = text.slice(0, split + 1);
  const signatures: NoteSignature[] = [];
  for (const line of text
    .slice(split + 2)
    .split("\n")
    .slice(0, -1)) {
    const [name, encoded, ...rest] = line.startsWith(LINE_START) ? line.slice(LINE_START.length).split(" ") : [];
    const data = encoded === undefined ? null : fromBase64(encoded);
    if (name === undefined || !KEY_NAME_PATTERN.test(name) || data === null || data.length < 5 || rest.length > 0) {
      return rejected(`signature line ${signatures.length + 1} is not "\u2014 name base64"`);
    }
    signatures.push({ name, keyId: data.slice(0, 4), signature: data.slice(4) });
  }
  if (signatures.length === 0) return rejected("it has no signature");
  const note = { body, signatures };
  if (formatNote(note) !== text) return rejected("it is not in its one canonical spelling");
  return { kind: "accept", note };
}

function rejected(clause: string): ParsedNote {
  return { kind: "reject", reason: `the signed note cannot be read: ${clause}` };
}

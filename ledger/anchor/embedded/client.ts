import { toBase64 } from "../../crypto/index.ts";
import {
  formatNote,
  type Note,
  parseCheckpoint,
  parseNote,
  parseVkey,
  type VerifierKey,
  verifyCosignature,
} from "../../log/index.ts";
import type { Anchor, Anchored, ReadBack, Refused, Submission, Submitted, Unavailable } from "../anchor.ts";
import { type Answer, ask } from "./http.ts";
import { formatRequest } from "./request.ts";

export type EmbeddedAnchorOptions = {
  readonly url: string;
  /** The ledger's key from the site configuration: a vkey of type 04. */
  readonly ledgerKey: string;
  readonly origin: string;
  /** E8: SITE.json with its history, for a ledger that has not heard of a change yet; null = it never changed. */
  readonly siteJson?: () => string | null;
  /** For one request with its answer. Default 5,000. */
  readonly timeoutMs?: number;
};

/** H3: other gateways submit to the same ledger, so the size that it reports may have moved on when we come back. */
const ATTEMPTS = 4;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 60_000;

/** An `Anchor` on a C2SP witness such as the embedded ledger. Throws when the key or URL of the configuration is unusable. */
export function anchorOnEmbedded(options: EmbeddedAnchorOptions): Anchor {
  const parsed = parseVkey(options.ledgerKey);
  if (parsed.kind === "reject") throw new Error(`The ledger's key is unusable: ${parsed.reason}.`);
  const key = parsed.key;
  const base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const timeoutMs = options.timeoutMs ?? 5_000;
  /** What the ledger last said of its size; a guess that a 409 corrects. */
  let knownSize = 0;
  let failures = 0;

  const unavailable = (reason: string): Unavailable => {
    failures += 1;
    const base = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10));
    return { kind: "unavailable", reason, retryAfterMs: Math.round(base * (0.75 + Math.random() / 2)) };
  };
  const settled = <T>(answer: T): T => {
    failures = 0;
    return answer;
  };

  const submit = async ({ note: text, consistency }: Submission): Promise<Submitted> => {
    const submitted = readNote(text, options.origin);
    if (typeof submitted === "string") throw new Error(`This is not a checkpoint of ${options.origin}: ${submitted}.`);
    const { size } = submitted;
    // "Ahead" is never answered from memory: one wrong size must not keep this gateway from asking again.
    let old = knownSize > size ? 0 : knownSize;
    let told = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const proof = old === size ? [] : await consistency(old, size);
      const body = formatRequest(old, proof.map(toBase64), text);
      const answer = await ask(new URL("add-checkpoint", base), { body, timeoutMs });
      if (answer.kind === "failed") return unavailable(answer.reason);
      if (answer.status === 200) {
        const line = countersignatureIn(key, submitted.note, answer.body);
        if (line === null) return unavailable("the ledger answered without a valid countersignature");
        knownSize = size;
        return settled({ kind: "anchored", size, note: text + line });
      }
      if (answer.status === 403 && !told && (await tellSite())) {
        told = true;
        continue;
      }
      const moved = answer.status === 409 ? sizeIn(answer) : null;
      if (moved === null) return refusedOrUnavailable(answer);
      knownSize = moved;
      if (moved > size) return settled({ kind: "ahead", ledgerSize: moved });
      old = moved;
    }
    return unavailable(`the ledger's size moved ${ATTEMPTS} times during one submission`);
  };

  /** E8. */
  const tellSite = async (): Promise<boolean> => {
    const body = options.siteJson?.() ?? null;
    if (body === null) return false;
    const answer = await ask(new URL("site", base), { body, timeoutMs });
    return answer.kind === "answer" && answer.status === 200;
  };

  const refusedOrUnavailable = (answer: Answer): Refused | Unavailable => {
    const reason = `the ledger answered ${answer.status}: ${answer.summary}`;
    const final = answer.status >= 400 && answer.status < 500 && ![408, 425, 429].includes(answer.status);
    return final ? settled({ kind: "refused", reason }) : unavailable(reason);
  };

  const read = async (size: number | null): Promise<ReadBack> => {
    const target = new URL("checkpoint", base);
    target.searchParams.set("origin", options.origin);
    if (size !== null) target.searchParams.set("size", String(size));
    const answer = await ask(target, { body: null, timeoutMs });
    if (answer.kind === "failed") return unavailable(answer.reason);
    if (answer.status === 404) return settled({ kind: "none" });
    if (answer.status !== 200) return refusedOrUnavailable(answer);
    const anchored = readAnchored(key, options.origin, answer.body);
    if (anchored === null || (size !== null && anchored.size !== size)) {
      return unavailable("the ledger answered without a valid countersigned checkpoint");
    }
    return settled(anchored);
  };

  return { submit, read };
}

function readNote(text: string, origin: string): { readonly note: Note; readonly size: number } | string {
  const note = parseNote(text);
  if (note.kind === "reject") return note.reason;
  const parsed = parseCheckpoint(note.note.body);
  if (parsed.kind === "reject") return parsed.reason;
  if (parsed.checkpoint.origin !== origin) return `its origin is ${parsed.checkpoint.origin}`;
  return { note: note.note, size: parsed.checkpoint.size };
}

/** H2: the ledger's line over this very body, as it is to be appended; lines of unknown keys are ignored (C2SP). */
function countersignatureIn(key: VerifierKey, { body }: Note, lines: string): string | null {
  const answered = parseNote(`${body}\n${lines}`);
  if (answered.kind === "reject") return null;
  const valid = answered.note.signatures.find((line) => verifyCosignature(key, body, line).kind === "accept");
  return valid === undefined ? null : formatNote({ body, signatures: [valid] }).slice(body.length + 1);
}

function readAnchored(key: VerifierKey, origin: string, text: string): Anchored | null {
  const found = readNote(text, origin);
  if (typeof found === "string") return null;
  const { body, signatures } = found.note;
  return signatures.some((line) => verifyCosignature(key, body, line).kind === "accept")
    ? { kind: "anchored", size: found.size, note: text }
    : null;
}

/** The size in a 409 of type text/x.tlog.size, null in any other answer. */
function sizeIn({ contentType, body }: Answer): number | null {
  const digits = /^(0|[1-9][0-9]{0,15})\n$/.exec(body)?.[1];
  if (contentType !== "text/x.tlog.size" || digits === undefined) return null;
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
}

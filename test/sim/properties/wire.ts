/** A9, L2, L3: what an honest gateway says of its own stands on its disk before it leaves. */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { sha256, toHex } from "../../../ledger/crypto/index.ts";
import { parseCheckpoint, parseNote } from "../../../ledger/log/index.ts";
import type { AnyMessage } from "../../../ledger/replica/wire.ts";
import type { Write } from "../../../ledger/store/port.ts";
import { openOnce } from "../opened.ts";
import type { ChainWatch } from "./chain.ts";
import { type Context, nameOf } from "./context.ts";
import type { LanesWatch } from "./lanes.ts";
import type { Proof } from "./proof.ts";
import type { WordsWatch } from "./words.ts";
import { encodeMessage } from "../../../ledger/message/index.ts";

export type WireWatch = {
  readonly durable: (gateway: GatewayIndex, write: Write) => void;
  readonly sent: (gateway: GatewayIndex, bytes: Uint8Array) => void;
};

type Ghosts = {
  readonly proof: Proof;
  readonly lanes: LanesWatch;
  readonly chain: ChainWatch;
  readonly words: WordsWatch;
};

/** The kinds that say something of the sender, by the first letters of the message's kind. */
const OWN = new Set(["vot", "ack", "bun", "pro", "cos"]);

export function watchWire(context: Context, { proof, lanes, chain, words }: Ghosts): WireWatch {
  const { committee, violated } = context;
  const proposals = Array.from({ length: committee.size }, () => new Map<number, Uint8Array>());
  /** What is sent to all is one array of bytes, and is looked at once. */
  const last = Array.from({ length: committee.size }, (): Uint8Array | null => null);

  function onMessage(x: GatewayIndex, { layer, message }: AnyMessage): void {
    if (layer === "agreement" && message.kind === "vote" && message.vote.voter === x)
      return proof.voteSent(x, message.vote.vote);
    if (layer === "agreement" && message.kind === "propose") {
      const { view } = message.proposal.block;
      // Nobody passes on another's proposal.
      const stored = proposals[x]?.get(view);
      if (stored === undefined || Buffer.compare(stored, encodeMessage(message)) !== 0)
        violated("A9", `${nameOf(x)} sends a proposal for view ${view} that is not on its disk`);
    }
    if (layer === "lane" && message.kind === "ack" && message.ack.voter === x) return lanes.ackSent(x, message.ack);
    if (layer === "lane" && message.kind === "bundle") return lanes.bundleSent(x, toHex(sha256(message.cose)));
    if (layer === "checkpoint" && message.kind === "cosignature") {
      const note = parseNote(message.note);
      const parsed = note.kind === "accept" ? parseCheckpoint(note.note.body) : note;
      if (parsed.kind === "accept") chain.cosigned(x, parsed.checkpoint.size, parsed.checkpoint.root);
      else violated("R4", `${nameOf(x)} sends a cosignature that is none: ${parsed.reason}`);
    }
  }

  return {
    durable: (x, write) => {
      if (write.kind !== "proposal") return;
      const stored = proposals[x]?.get(write.view);
      if (stored !== undefined && Buffer.compare(stored, write.bytes) !== 0)
        violated("A9", `${nameOf(x)} made two proposals for view ${write.view}`);
      proposals[x]?.set(write.view, write.bytes);
    },
    sent: (x, bytes) => {
      if (last[x] === bytes || !OWN.has(kindOf(bytes))) return;
      last[x] = bytes;
      const opened = openOnce(bytes);
      if (opened.kind === "accept") {
        words(x, opened.opened);
        onMessage(x, opened.opened);
      } else violated("R6", `${nameOf(x)} sends what is no message: ${opened.reason}`);
    },
  };
}

/** A message is a CBOR array that begins with the epoch, of one byte here, and a short text. */
function kindOf(bytes: Uint8Array): string {
  return String.fromCharCode(bytes[3] ?? 0, bytes[4] ?? 0, bytes[5] ?? 0);
}

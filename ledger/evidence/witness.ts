/**
 * E7: remembers what each gateway signed lately and finds what contradicts it. Nothing is verified until two words contradict each
 * other, which among honest gateways never happens, so that watching costs a few look-ups a message.
 */
import { openBundle } from "../bundle/index.ts";
import { type GatewayIndex, type Hash, type Signed, signedBytes } from "../committee/index.ts";
import { parseNote } from "../log/index.ts";
import type { Court } from "./court.ts";
import type { Ballot, Offence } from "./evidence.ts";

/** What a signature is about: a gateway has one thing to say about each. */
export type Topic =
  | { readonly kind: "propose" | "notarize" | "nullify" | "finalize"; readonly view: number }
  | { readonly kind: "ack"; readonly lane: GatewayIndex; readonly number: number }
  /** Bundles name their epoch themselves: those of an earlier one may still be on their way. */
  | { readonly kind: "bundle"; readonly epoch: number; readonly number: number }
  | { readonly kind: "log"; readonly size: number };

/** What one gateway said about a topic. `value` is a hash, of a bundle that of its COSE_Sign1; empty for a nullification. */
export type Word = {
  readonly signer: GatewayIndex;
  readonly topic: Topic;
  readonly value: Hash;
  /** The signature; of a bundle the COSE_Sign1; of a log the bytes of the note. */
  readonly proof: Uint8Array;
};

/** What several said alike. */
export type Chorus = { readonly topic: Topic; readonly value: Hash; readonly signatures: readonly Signed[] };

export type Suspicion = { readonly gateway: GatewayIndex; readonly offence: Offence };

export type Witness = {
  /** A word that came on its signer's own link: it is remembered. What it contradicts is answered. */
  readonly hear: (word: Word) => readonly Suspicion[];
  /** A word that somebody passed on: it is only held against what is remembered, because anybody may have made it up. */
  readonly compare: (word: Word) => readonly Suspicion[];
  readonly hearChorus: (chorus: Chorus) => readonly Suspicion[];
  /** What a gateway said about a topic, as far as it is remembered. */
  readonly said: (signer: GatewayIndex, topic: Topic) => Word | undefined;
  /** Everybody who is remembered to have said this. */
  readonly sayers: (topic: Topic, value: Hash) => readonly Word[];
};

/** Bounds of E7: words of all gateways together, but never fewer than this of each; certificates. */
const WORDS = 4000;
const LEAST_WORDS_EACH = 32;
const CHORUSES = 64;

export function makeWitness(court: Court): Witness {
  const gateways = court.names.length;
  const wordsEach = Math.max(LEAST_WORDS_EACH, Math.floor(WORDS / gateways));
  /** One memory for each gateway, so that nobody's flood makes others' words forgotten. */
  const words: readonly Map<string, Word>[] = Array.from({ length: gateways }, () => new Map<string, Word>());
  /** Certificates of agreement by topic, and the newest of each lane. */
  const choruses = new Map<string, Chorus>();
  const laneChoruses = new Map<GatewayIndex, Chorus>();

  function chorusOn(topic: Topic, key: string): Chorus | undefined {
    if (topic.kind !== "ack") return choruses.get(key);
    const newest = laneChoruses.get(topic.lane);
    return numberOf(newest) === topic.number ? newest : undefined;
  }

  /** What the signer said about a topic, other than `value`; null = whatever it was. */
  function otherThan(signer: GatewayIndex, topic: Topic, value: Hash | null): readonly Word[] {
    const key = keyOf(topic);
    const own = words[signer]?.get(key);
    const chorus = chorusOn(topic, key);
    const sung =
      chorus === undefined || chorus.value === value
        ? undefined
        : chorus.signatures.find(({ voter }) => voter === signer);
    const others = own === undefined || own.value === value ? [] : [own];
    return chorus === undefined || sung === undefined ? others : [...others, wordOf(chorus, sung)];
  }

  function compare(word: Word): readonly Suspicion[] {
    const { signer, topic, value } = word;
    const excluded = exclusionOf(topic);
    const rivals = [
      ...otherThan(signer, topic, value),
      ...(excluded === null ? [] : otherThan(signer, excluded, null)),
    ];
    if (rivals.length === 0 || !holds(court, word)) return [];
    return rivals.flatMap((rival) => {
      if (holds(court, rival)) return [{ gateway: signer, offence: offenceOf(rival, word) }];
      // Nobody signed it, so that it must not stand in the way of what somebody did.
      words[signer]?.delete(keyOf(rival.topic));
      return [];
    });
  }

  return {
    compare,
    hear: (word) => {
      const found = compare(word);
      const mine = words[word.signer];
      const key = keyOf(word.topic);
      // A copy: the bytes are a view of a whole message, which would be kept with them.
      if (mine !== undefined && !mine.has(key)) remember(mine, key, { ...word, proof: word.proof.slice() }, wordsEach);
      return found;
    },
    hearChorus: (chorus) => {
      const { topic, value, signatures } = chorus;
      const key = keyOf(topic);
      if (chorusOn(topic, key)?.value === value) return [];
      const found = signatures.flatMap((one) => compare(wordOf(chorus, one)));
      if (topic.kind !== "ack") {
        if (!choruses.has(key)) remember(choruses, key, chorus, CHORUSES);
      } else if (numberOf(laneChoruses.get(topic.lane)) < topic.number) {
        laneChoruses.set(topic.lane, chorus);
      }
      return found;
    },
    said: (signer, topic) => words[signer]?.get(keyOf(topic)),
    sayers: (topic, value) =>
      [...words.keys()].flatMap((signer) => {
        const chorus = chorusOn(topic, keyOf(topic));
        const sung = chorus?.value === value ? chorus.signatures.filter(({ voter }) => voter === signer) : [];
        const own = words[signer]?.get(keyOf(topic));
        const alone = own?.value === value ? [own] : [];
        return alone.length > 0 || chorus === undefined ? alone : sung.map((one) => wordOf(chorus, one));
      }),
  };
}

function remember<T>(map: Map<string, T>, key: string, value: T, limit: number): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}

/** Whether the signer signed the word. */
function holds(court: Court, { signer, topic, value, proof }: Word): boolean {
  switch (topic.kind) {
    case "propose":
    case "notarize":
    case "nullify":
    case "finalize":
      return court.verify(signer, signedBytes(court, topic.kind, [topic.view], value === "" ? null : value), proof);
    case "ack":
      return court.verify(signer, signedBytes(court, "ack", [topic.lane, topic.number], value), proof);
    case "bundle": {
      const opened = openBundle(proof, null);
      return opened.kind === "accept" && court.verify(signer, opened.signed, opened.signature);
    }
    case "log": {
      const parsed = parseNote(Buffer.from(proof).toString());
      return parsed.kind === "accept" && court.cosigned(signer, parsed.note);
    }
  }
}

function keyOf(topic: Topic): string {
  switch (topic.kind) {
    case "ack":
      return `ack ${topic.lane} ${topic.number}`;
    case "bundle":
      return `bundle ${topic.epoch} ${topic.number}`;
    case "log":
      return `log ${topic.size}`;
    default:
      return `${topic.kind} ${topic.view}`;
  }
}

/** A5, A6: what an honest gateway never says beside this. */
function exclusionOf(topic: Topic): Topic | null {
  if (topic.kind === "nullify") return { kind: "finalize", view: topic.view };
  return topic.kind === "finalize" ? { kind: "nullify", view: topic.view } : null;
}

function numberOf(chorus: Chorus | undefined): number {
  return chorus?.topic.kind === "ack" ? chorus.topic.number : -1;
}

function wordOf({ topic, value }: Chorus, { voter, signature }: Signed): Word {
  return { signer: voter, topic, value, proof: signature };
}

function offenceOf(first: Word, second: Word): Offence {
  const { topic } = second;
  switch (topic.kind) {
    case "propose":
      return { kind: "two-proposals", view: topic.view, proposals: [signedHash(first), signedHash(second)] };
    case "notarize":
    case "nullify":
    case "finalize":
      return { kind: "two-votes", view: topic.view, votes: [ballot(first), ballot(second)] };
    case "ack": {
      const { lane, number } = topic;
      return { kind: "two-acks", lane, number, acks: [signedHash(first), signedHash(second)] };
    }
    case "bundle":
      return { kind: "two-bundles", bundles: [first.proof, second.proof] };
    case "log":
      return { kind: "two-logs", notes: [noteOf(first), noteOf(second)] };
  }
}

function signedHash({ value, proof }: Word): { readonly hash: Hash; readonly signature: Uint8Array } {
  return { hash: value, signature: proof };
}

function ballot({ topic, value, proof }: Word): Ballot {
  if (topic.kind === "nullify") return { kind: "nullify", hash: null, signature: proof };
  return { kind: topic.kind === "finalize" ? "finalize" : "notarize", hash: value, signature: proof };
}

function noteOf({ proof }: Word): string {
  return Buffer.from(proof).toString();
}

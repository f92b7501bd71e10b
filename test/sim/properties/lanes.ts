/** The lanes: what is on whose disk, who vouched for what, and that no number was ever certified twice (L1 to L4, L9). */
import { openBundle } from "../../../ledger/bundle/index.ts";
import { type CborValue, decodeUnchecked } from "../../../ledger/cbor/index.ts";
import { type GatewayIndex, type Hash, hashBytes } from "../../../ledger/committee/index.ts";
import { toHex } from "../../../ledger/crypto/index.ts";
import { decodeStatement, type Statement } from "../../../ledger/statement/index.ts";
import type { Write } from "../../../ledger/store/port.ts";
import { judge } from "../measure.ts";
import { type Context, nameOf } from "./context.ts";
import { type Ack, type LaneCertificate, readLaneCertificate } from "../../../ledger/message/index.ts";

/** A bundle as anybody may read it. */
export type Body = {
  readonly hash: Hash;
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly parent: Hash;
  readonly first: number;
  readonly statements: readonly Statement[];
  /** Why no honest gateway may vouch for it; null = it may. */
  readonly fault: string | null;
};

export type LanesWatch = {
  readonly durable: (gateway: GatewayIndex, write: Write) => void;
  readonly signed: (gateway: GatewayIndex, message: Uint8Array) => void;
  readonly ackSent: (gateway: GatewayIndex, ack: Ack) => void;
  readonly bundleSent: (gateway: GatewayIndex, hash: Hash) => void;
  /** R2: the gateway told a device that the item is its statement `number`. */
  readonly accepted: (gateway: GatewayIndex, number: number, item: string) => void;
  /** What this gateway has on its disk there. */
  readonly bodyOf: (gateway: GatewayIndex, lane: GatewayIndex, number: number) => Body | undefined;
  /** A4: certified, or held and validated by so many that their votes for the cut say the same. */
  readonly isBacked: (lane: GatewayIndex, number: number, hash: Hash) => boolean;
};

const NO_PARENT = "0".repeat(64);

export function watchLanes(context: Context): LanesWatch {
  const { committee, violated } = context;
  const each = <T>(make: () => T) => Array.from({ length: committee.size }, make);
  const bodies = new Map<Hash, Body>();
  /** By gateway, lane and number: the hash on disk. */
  const disks = each(() => each((): Hash[] => []));
  /** By owner and number: what an honest owner signed. */
  const own = each((): Hash[] => []);
  const acked = each(() => new Map<string, Hash>());
  const ackers = new Map<string, Set<GatewayIndex>>();
  const certified = each(() => new Map<number, Hash>());
  /** L8: what a gateway refused itself, and by lane the first bundle that it took in all the same. */
  const refused = each(() => new Set<Hash>());
  const tainted = each(() => new Map<GatewayIndex, number>());

  function onBundle(x: GatewayIndex, write: Extract<Write, { kind: "bundle" }>): void {
    const { lane, number, hash } = write;
    if (!bodies.has(hash)) bodies.set(hash, read(committee.names, write));
    const held = disks[x]?.[lane];
    if (held === undefined) return;
    if (number > held.length) violated("L4", `${nameOf(x)} stores bundle ${number} of lane ${lane} above a gap`);
    if (held[number] === hash) return;
    held.splice(number, held.length - number, hash);
    const taint = tainted[x]?.get(lane);
    if (taint !== undefined && taint >= number) tainted[x]?.delete(lane);
    if (refused[x]?.has(hash) && tainted[x]?.get(lane) === undefined) tainted[x]?.set(lane, number);
    const body = bodies.get(hash);
    const below = number === 0 ? NO_PARENT : held[number - 1];
    if (body?.parent !== below)
      violated("L3", `${nameOf(x)} stores bundle ${number} of lane ${lane} on another parent`);
    if (lane !== x) return;
    const first = own[x]?.[number];
    if (first !== undefined && first !== hash) violated("L2", `${nameOf(x)} signed two bundles of number ${number}`);
    if (own[x] !== undefined) own[x][number] = hash;
    // A committee of one needs nobody's word.
    if (context.quorum === 1) certify(lane, number, hash);
  }

  function onAck(x: GatewayIndex, { lane, number, hash }: Pick<Ack, "lane" | "number" | "hash">): void {
    const key = `${lane} ${number} ${hash}`;
    const others = ackers.get(key) ?? new Set();
    ackers.set(key, others);
    others.add(x);
    // The owner counts by its own signature in the bundle.
    if (others.size >= context.quorum - 1) certify(lane, number, hash);
  }

  /** L3, L4: an honest gateway vouches for a bundle, and so for all below it. */
  function gave(x: GatewayIndex, { lane, number, hash }: Pick<Ack, "lane" | "number" | "hash">): void {
    const says = (rule: string, text: string) =>
      violated(rule, `${nameOf(x)} acknowledges bundle ${number} of lane ${lane}: ${text}`);
    const first = acked[x]?.get(`${lane} ${number}`);
    if (first !== undefined && first !== hash) says("L4", "another one than before");
    acked[x]?.set(`${lane} ${number}`, hash);
    // Later it may be repeated although the lane was rewound since (L9): it was true when it was given.
    if (first === undefined && disks[x]?.[lane]?.[number] !== hash) says("L3", "it is not on its disk");
    const fault = bodies.get(hash)?.fault;
    if (fault !== null && fault !== undefined) says("L3", fault);
    const taint = tainted[x]?.get(lane);
    if (first === undefined && taint !== undefined && taint <= number) says("L8", `it refused bundle ${taint}`);
    onAck(x, { lane, number, hash });
  }

  function certify(lane: GatewayIndex, number: number, hash: Hash): void {
    const known = certified[lane];
    const other = known?.get(number);
    if (known === undefined || other === hash) return;
    if (other !== undefined) violated("L4", `two bundles of number ${number} in lane ${lane} are certified`);
    known.set(number, hash);
    const above = known.get(number + 1);
    links(lane, number, known.get(number - 1), hash);
    if (above !== undefined) links(lane, number + 1, hash, above);
  }

  /** L4: a certificate covers all bundles below. */
  function links(lane: GatewayIndex, number: number, below: Hash | undefined, hash: Hash): void {
    const parent = bodies.get(hash)?.parent;
    if (below !== undefined && parent !== undefined && parent !== below)
      violated("L4", `certified bundle ${number} of lane ${lane} does not stand on the certified one below`);
  }

  function cert(x: GatewayIndex, { lane, number, hash, acks }: LaneCertificate): void {
    const signers = new Set(acks.map(({ voter }) => voter));
    const about = `${nameOf(x)} took ${acks.length} acks for a certificate of bundle ${number} in lane ${lane}`;
    if (signers.size !== acks.length || signers.size < context.quorum - 1 || signers.has(lane))
      violated("L4", `${about}, which are too few`);
    // A certificate on its disk with its own ack in it is an ack, even if it crashes before it says so.
    if (signers.has(x)) gave(x, { lane, number, hash });
    const known = ackers.get(`${lane} ${number} ${hash}`);
    for (const signer of signers)
      if (known?.has(signer) !== true) violated("L4", `${about}; ${nameOf(signer)} never gave one`);
  }

  return {
    durable: (x, write) => {
      if (write.kind === "bundle") return onBundle(x, write);
      if (write.kind === "refusal" && write.by === x) refused[x]?.add(write.hash);
      if (write.kind === "laneCertificate") cert(x, readLaneCertificate(valueOf(write.bytes)));
    },
    signed: (x, message) => {
      const ack = ackOf(committee, message);
      if (ack !== null && ack.lane !== x) onAck(x, ack);
    },
    ackSent: gave,
    bundleSent: (x, hash) => {
      const body = bodies.get(hash);
      if (body === undefined) return violated("L2", `${nameOf(x)} sends a bundle that is on nobody's disk`);
      if (body.lane === x && own[x]?.[body.number] !== hash)
        violated("L2", `${nameOf(x)} sends its bundle ${body.number} before it is on its disk`);
    },
    accepted: (x, number, item) => {
      const held = own[x]?.findLast((hash) => (bodies.get(hash)?.first ?? 0) <= number);
      const body = held === undefined ? undefined : bodies.get(held);
      const statement = body?.statements[number - body.first];
      if (statement?.measurement.item !== item)
        violated("R2", `${nameOf(x)} accepted ${item} as ${number}, which is not on its disk`);
    },
    bodyOf: (x, lane, number) => bodies.get(disks[x]?.[lane]?.[number] ?? ""),
    isBacked: (lane, number, hash) => {
      const holders = disks.filter((held, x) => context.isLiar(x) || held[lane]?.[number] === hash).length;
      if (certified[lane]?.get(number) !== hash && holders < context.quorum) return false;
      certify(lane, number, hash);
      return true;
    },
  };
}

/** L1, L3: all that can be found wrong with a bundle by itself. */
function read(
  names: readonly string[],
  { lane, number, hash, first, cose, statements }: Extract<Write, { kind: "bundle" }>,
): Body {
  const opened = openBundle(cose, statements);
  if (opened.kind === "reject") return { hash, lane, number, parent: "", first, statements: [], fault: opened.reason };
  const { header } = opened.bundle;
  const faults: string[] = [];
  if (opened.bundle.hash !== hash) faults.push("it is stored under another hash");
  if (header.gateway !== names[lane] || header.number !== number || header.first !== first)
    faults.push("its header says something else");
  const decoded = statements.flatMap((bytes) => {
    const one = decodeStatement(bytes);
    if (one.kind === "accept") return [one.statement];
    faults.push(one.reason);
    return [];
  });
  for (const [offset, { number: at, measurement }] of decoded.entries()) {
    const before = decoded[offset - 1];
    if (at !== first + offset) faults.push(`statement ${at} stands where ${first + offset} belongs`);
    if (before !== undefined && measurement.at < before.measurement.at) faults.push("its times are not in order");
    if (measurement.at > header.created) faults.push("a statement is younger than its bundle");
  }
  const verdict = judge(decoded);
  if (verdict.kind === "reject") faults.push(verdict.reason);
  return { hash, lane, number, parent: header.parent, first, statements: decoded, fault: faults[0] ?? null };
}

function valueOf(bytes: Uint8Array): CborValue {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") throw new Error("a stored certificate does not decode");
  return decoded.value;
}

/** The ack in signed bytes of this very site, epoch and configuration (C1). */
function ackOf({ site, epoch, configHash }: Context["committee"], message: Uint8Array) {
  const decoded = decodeUnchecked(message);
  if (decoded.kind === "reject" || !Array.isArray(decoded.value)) return null;
  const [, itsSite, itsEpoch, configuration, kind, lane, number, hash] = decoded.value as readonly CborValue[];
  if (kind !== "ack" || itsSite !== site || itsEpoch !== epoch) return null;
  if (!(configuration instanceof Uint8Array) || Buffer.compare(configuration, hashBytes(configHash)) !== 0) return null;
  if (typeof lane !== "number" || typeof number !== "number" || !(hash instanceof Uint8Array)) return null;
  return { lane, number, hash: toHex(hash) };
}

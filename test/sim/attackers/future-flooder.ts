/** Floods with what is far ahead, signed by its own key and well formed: votes, proposals, bundles, acks, cosignatures, and requests. */
import { genesisOf } from "../../../ledger/agreement/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Bundle, sealBundle } from "../../../ledger/bundle/index.ts";
import { NO_HASH } from "../../../ledger/lane/index.ts";
import { cosign, formatCheckpoint, formatNote } from "../../../ledger/log/index.ts";
import { originOf, siteKeys } from "../../../ledger/management/index.ts";
import { decodeStatement, encodeStatement } from "../../../ledger/statement/index.ts";
import { sealMessage } from "../../../ledger/replica/wire.ts";
import { type Attack, type AttackContext, othersOf, repeatedly, strike } from "./attack.ts";
import { ownBundle } from "./forged-lane.ts";
import { ackOf, inAgreement, inLanes, proposalOf, say, sayInLanes, voteOf } from "./speech.ts";
import type { Proposal, Vote } from "../../../ledger/message/index.ts";

const EVERY_MS = 400;
/** Most floods are just annoying; some are what a gateway cuts a peer off for. */
const BURSTS = [20, 40, 40, 400];
/** Cosignatures and bundles cost the simulator more than the rest. */
const SMALL_BURST = 8;

type Seen = { view: number; proposal: Proposal | null; bundle: Bundle | null };

export const futureFlooder: Attack = {
  name: "future-flooder",
  begin: (context) => {
    const { random } = context;
    const seen: Seen = { view: 1, proposal: null, bundle: null };
    repeatedly(context, EVERY_MS, () => {
      const flood = random.pick([votes, proposals, bundles, acks, cosignatures, requests, tips]);
      const to = random.pick(othersOf(context));
      for (const bytes of flood(context, seen)) {
        strike(context, "future-flooder");
        context.send(to, bytes);
      }
    });
    return {
      outgoing: (to, bytes) => {
        const message = inLanes(bytes);
        if (message?.kind === "bundle") seen.bundle = ownBundle(context, message) ?? seen.bundle;
        const proposed = inAgreement(bytes);
        if (proposed?.kind === "propose") seen.proposal = proposed.proposal;
        return [{ to, bytes }];
      },
      incoming: (_from, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "certificate") seen.view = Math.max(seen.view, message.certificate.vote.view + 1);
        return true;
      },
    };
  },
};

/** Inside the horizon, at its edge and far beyond. */
function ahead({ random }: AttackContext, from: number): number {
  return from + random.pick([1 + random.below(63), 64, 65, 1000, 2 ** 40]);
}

function votes(context: AttackContext, { view }: Seen): readonly Uint8Array[] {
  const { random, committee } = context;
  const { hash } = genesisOf(committee);
  return Array.from({ length: random.pick(BURSTS) }, () => {
    const at = ahead(context, view);
    const vote = random.pick<Vote>([
      { kind: "nullify", view: at },
      { kind: "notarize", view: at, hash },
      { kind: "finalize", view: at, hash },
    ]);
    return say({ kind: "vote", vote: voteOf(committee, vote) });
  });
}

/** Each with as many certificates beside it as it can carry: those of its last true proposal, again and again. */
function proposals(context: AttackContext, { view, proposal }: Seen): readonly Uint8Array[] {
  const { committee } = context;
  if (proposal === null) return [];
  const { parent } = proposal;
  const padding = parent === null ? [] : Array.from({ length: 200 }, () => parent);
  return Array.from({ length: committee.size }, (_, offset) => {
    const block = { ...proposal.block, view: view + 1 + offset + context.random.below(70) };
    return say({ kind: "propose", proposal: { ...proposalOf(committee, proposal, block), nullifications: padding } });
  });
}

/** Bundles that stand on nothing, up to the edge of what is kept and beyond. */
function bundles(context: AttackContext, { bundle }: Seen): readonly Uint8Array[] {
  if (bundle === null) return [];
  const { committee, site } = context;
  const { keyId } = site.keys(committee.self);
  return Array.from({ length: SMALL_BURST }, () => {
    const number = ahead(context, bundle.header.number);
    const first = bundle.header.first + number - bundle.header.number;
    const header = { ...bundle.header, number, first, parent: "ab".repeat(32) };
    // With their true numbers the statements are refused at once; with fitting ones they wait for what is below.
    const fitting = context.random.chance(0.5) ? renumbered(bundle.statements, first) : bundle.statements;
    const { cose, statements } = sealBundle(header, fitting, keyId, committee.sign);
    return sayInLanes({ kind: "bundle", cose, statements });
  });
}

function renumbered(statements: readonly Uint8Array[], first: number): readonly Uint8Array[] {
  return statements.map((bytes, offset) => {
    const decoded = decodeStatement(bytes);
    return decoded.kind === "accept" ? encodeStatement({ ...decoded.statement, number: first + offset }) : bytes;
  });
}

function acks(context: AttackContext, { bundle }: Seen): readonly Uint8Array[] {
  const { random, committee } = context;
  const number = bundle?.header.number ?? 0;
  return Array.from({ length: random.pick(BURSTS) }, () => {
    const lane: GatewayIndex = random.pick(othersOf(context));
    return sayInLanes({ kind: "ack", ack: ackOf(committee, lane, ahead(context, number), NO_HASH) });
  });
}

function cosignatures(context: AttackContext): readonly Uint8Array[] {
  const { committee, site, random } = context;
  const key = siteKeys(site.site).gateways[committee.self]?.checkpointKey;
  if (key === undefined) return [];
  return Array.from({ length: SMALL_BURST }, () => {
    const size = 1_000_000 + random.below(2 ** 40);
    const body = formatCheckpoint({ origin: originOf(site.site.site), size, root: NO_HASH });
    const signature = cosign(key, site.keys(committee.self).cosign, body, 1_767_225_600);
    const note = formatNote({ body, signatures: [signature] });
    return sealMessage({ layer: "checkpoint", message: { kind: "cosignature", size, note } });
  });
}

/** Asks for everything, over and over. */
function requests(context: AttackContext): readonly Uint8Array[] {
  const { random, committee } = context;
  return Array.from({ length: random.pick(BURSTS) }, () =>
    random.chance(0.5)
      ? say({ kind: "fetch", after: random.pick([0, 0, 2 ** 40]) })
      : sayInLanes({
          kind: "fetchBundles",
          lane: random.below(committee.size),
          from: random.pick([0, 0, 2 ** 40]),
          count: random.pick([64, 2 ** 40]),
        }),
  );
}

/** "I hold nothing": each time the lane is to be sent from its beginning. */
function tips({ committee, random }: AttackContext): readonly Uint8Array[] {
  const held = Array.from({ length: committee.size }, () => random.pick([0, 2 ** 40]));
  return Array.from({ length: SMALL_BURST }, () => sayInLanes({ kind: "tips", again: true, held, certificates: [] }));
}

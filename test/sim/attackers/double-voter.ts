/**
 * A gateway that was restored from an old image of its disk while it also goes on: two replicas of the true code under one key, each
 * with a disk of its own. Each hears a part of the peers and is heard by them; neither is told what the other signed. Whenever the
 * copy finds out by A9 that it is one, the newest bundles are put on its disk and it is started again. Now and then a vote of either is
 * followed by the one that its rules exclude.
 */
import type { Bundle } from "../../../ledger/bundle/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Replica, startReplica } from "../../../ledger/replica/index.ts";
import { decodeStatement } from "../../../ledger/statement/index.ts";
import { openMemoryStore } from "../../../ledger/store/memory.ts";
import type { Recovered, Write } from "../../../ledger/store/port.ts";
import { type Attack, type AttackContext, othersOf, repeatedly, someOf, strike } from "./attack.ts";
import { ownBundle } from "./forged-lane.ts";
import { inAgreement, inLanes, say, sayInLanes, voteOf } from "./speech.ts";
import { type Block, blockHash, type Vote } from "../../../ledger/message/index.ts";

const IMAGE_MEAN_MS = 400;
const RESTORED_AFTER_MEAN_MS = 600;
const HALVES_CHANGE_MS = 600;
const REPAIRED_AFTER_MS = 10;

export const doubleVoter: Attack = {
  name: "double-voter",
  begin: (context) => {
    const { random, clock } = context;
    const votes: Votes = { said: new Map(), proposed: new Map() };
    let ghost: Ghost | null = null;
    /** Peers that talk with the ghost; the others talk with the gateway's own replica. */
    let deceived: readonly GatewayIndex[] = [];
    const cast = (bytes: Uint8Array) => countVote(context, votes, bytes);

    void beginGhost(context, (to, bytes) => {
      cast(bytes);
      if (deceived.includes(to)) context.send(to, bytes);
    }).then((begun) => {
      ghost = begun;
    });
    let isRestored = false;
    clock.after(random.wait(IMAGE_MEAN_MS), () => {
      ghost?.freeze();
      clock.after(random.wait(RESTORED_AFTER_MEAN_MS), () => {
        isRestored = true;
        ghost?.thaw();
        const change = () => {
          deceived = someOf(random, othersOf(context), 1);
          for (const peer of deceived) ghost?.replica()?.linkUp(peer);
        };
        change();
        repeatedly(context, HALVES_CHANGE_MS, change);
      });
    });
    return {
      outgoing: (to, bytes) => {
        cast(bytes);
        ghost?.copyDraft(bytes);
        return deceived.includes(to) ? [] : [{ to, bytes }];
      },
      incoming: (from, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "propose") votes.proposed.set(message.proposal.block.view, message.proposal.block);
        // Until the image is taken the copy sees all that the gateway sees.
        if (!isRestored || deceived.includes(from)) ghost?.hear(from, bytes);
        return !deceived.includes(from);
      },
    };
  },
};

type Votes = {
  /** By kind and view, what was signed first: a block's hash, or nothing. */
  readonly said: Map<string, string>;
  readonly proposed: Map<number, Block>;
};

const CONTRADICTS = 0.3;

/** A strike is a second, other vote of a kind in a view, or both a Nullify and a Finalize. */
function countVote(context: AttackContext, votes: Votes, bytes: Uint8Array): void {
  const message = inAgreement(bytes);
  if (message?.kind !== "vote" || message.vote.voter !== context.self) return;
  const { vote } = message.vote;
  if (!isNew(context, votes, vote) || !context.random.chance(CONTRADICTS)) return;
  const other = contradictionOf(vote, votes.proposed.get(vote.view));
  if (other === null) return;
  isNew(context, votes, other);
  const words = say({ kind: "vote", vote: voteOf(context.committee, other) });
  for (const to of someOf(context.random, othersOf(context), 1)) context.send(to, words);
}

function isNew(context: AttackContext, { said }: Votes, vote: Vote): boolean {
  const hash = vote.kind === "nullify" ? "" : vote.hash;
  const before = said.get(`${vote.kind} ${vote.view}`);
  if (before === hash) return false;
  if (before === undefined) said.set(`${vote.kind} ${vote.view}`, hash);
  const excluded = vote.kind === "nullify" ? "finalize" : vote.kind === "finalize" ? "nullify" : null;
  if (before !== undefined || (excluded !== null && said.has(`${excluded} ${vote.view}`)))
    strike(context, "double-voter");
  return true;
}

/** A5, A6: what nobody signs who has signed this. */
function contradictionOf(vote: Vote, block: Block | undefined): Vote | null {
  const { view } = vote;
  switch (vote.kind) {
    case "finalize":
      return { kind: "nullify", view };
    case "nullify":
      return block === undefined ? null : { kind: "finalize", view, hash: blockHash(block) };
    case "notarize":
      // A rival of the block that nobody has seen; an accomplice that leads the view may have it (`equivocating-leader`).
      return block === undefined ? null : { ...vote, hash: blockHash({ ...block, checkpoint: null, tips: [] }) };
  }
}
type Ghost = {
  readonly replica: () => Replica | null;
  readonly hear: (from: GatewayIndex, bytes: Uint8Array) => void;
  /** Accepts what the gateway itself accepted: the same items in bundles of the same numbers, signed again. */
  readonly copyDraft: (bytes: Uint8Array) => void;
  readonly freeze: () => void;
  readonly thaw: () => void;
};

async function beginGhost(context: AttackContext, send: (to: GatewayIndex, bytes: Uint8Array) => void): Promise<Ghost> {
  const { site, self, clock, committee } = context;
  let store = openMemoryStore({ lanes: committee.size });
  let replica: Replica | null = null;
  let life = 0;
  let isFrozen = false;
  let isRestored = false;
  const drafted = new Set<string>();
  /** What the gateway itself has signed into its lane, by number. */
  const lane = new Map<number, Bundle>();

  /** What its disk lacks of the own lane above execution, so that it has nothing to stumble over. */
  async function patched(): Promise<Recovered> {
    const { executed } = await store.recover();
    const writes: Write[] = [];
    const next = (executed.tips[self] ?? -1) + 1;
    for (let bundle = lane.get(next); bundle !== undefined; bundle = lane.get(next + writes.length)) {
      const { header, hash, cose, statements } = bundle;
      writes.push({ kind: "bundle", lane: self, number: header.number, hash, cose, statements, first: header.first });
    }
    await store.commit(writes);
    return store.recover();
  }

  async function live(): Promise<void> {
    const recovered = isRestored ? await patched() : await store.recover();
    const born = life;
    const alive = () => life === born && !isFrozen;
    replica = startReplica({
      site: site.site,
      self,
      store,
      recovered,
      send: (to, bytes) => (alive() && isRestored ? send(to, bytes) : undefined),
      queuedBytes: () => 0,
      now: clock.now,
      steady: clock.now,
      after: (ms, run) => clock.after(ms, () => (alive() ? run() : undefined)),
      keys: site.keys(self),
      verify: site.verify,
      verifyReveal: site.verifyReveal,
      validate: () => Promise.resolve({ kind: "accept" }),
      events: {
        executed: () => undefined,
        checkpoint: () => undefined,
        anchored: () => undefined,
        refusal: () => undefined,
        evidence: () => undefined,
        cutOff: () => undefined,
        // Whoever runs it starts it again, whatever it says.
        halted: () => (alive() ? restart() : undefined),
      },
    });
  }

  function restart(): void {
    life += 1;
    replica = null;
    store = store.crash("kept");
    clock.after(REPAIRED_AFTER_MS, () => void live());
  }

  await live();
  return {
    replica: () => replica,
    hear: (from, bytes) => {
      if (isFrozen) return;
      const words = withoutOwnLane(bytes, self);
      if (words !== null) replica?.receive(from, words);
    },
    copyDraft: (bytes) => {
      const message = inLanes(bytes);
      const bundle = message?.kind === "bundle" ? ownBundle(context, message) : null;
      if (bundle === null) return;
      lane.set(bundle.header.number, bundle);
      if (!isRestored || replica === null || drafted.has(bundle.hash)) return;
      drafted.add(bundle.hash);
      for (const body of bundle.statements) {
        const decoded = decodeStatement(body);
        if (decoded.kind === "accept")
          replica.accept({ ...decoded.statement, writes: () => [] }).catch(() => undefined);
      }
    },
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      isRestored = true;
      restart();
    },
  };
}

/** What would tell it that its own lane is longer than its disk. */
function withoutOwnLane(bytes: Uint8Array, self: GatewayIndex): Uint8Array | null {
  const message = inLanes(bytes);
  switch (message?.kind) {
    case "laneCertificate":
      return message.certificate.lane === self ? null : bytes;
    case "tips":
      return sayInLanes({ ...message, certificates: message.certificates.filter(({ lane }) => lane !== self) });
    default:
      return bytes;
  }
}

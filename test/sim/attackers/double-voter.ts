/**
 * A gateway that was restored from an old image of its disk while it also goes on: two replicas of the true code under one key, each
 * with a disk of its own. Each hears a part of the peers and is heard by them; neither is told what the other signed, so that A9
 * cannot stop them.
 */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Replica, startReplica } from "../../../ledger/replica/index.ts";
import { decodeStatement } from "../../../ledger/statement/index.ts";
import { openMemoryStore } from "../../../ledger/store/memory.ts";
import { type Attack, type AttackContext, othersOf, repeatedly, someOf, strike } from "./attack.ts";
import { ownBundle } from "./forged-lane.ts";
import { inAgreement, inLanes, sayInLanes } from "./speech.ts";

const IMAGE_MEAN_MS = 1000;
const RESTORED_AFTER_MEAN_MS = 1500;
const HALVES_CHANGE_MS = 1500;
const REPAIRED_AFTER_MS = 1000;

export const doubleVoter: Attack = {
  name: "double-voter",
  begin: (context) => {
    const { random, clock } = context;
    const votes = new Map<string, string>();
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
        if (isRestored) ghost?.copyDraft(bytes);
        return deceived.includes(to) ? [] : [{ to, bytes }];
      },
      incoming: (from, bytes) => {
        // Until the image is taken the copy sees all that the gateway sees.
        if (!isRestored || deceived.includes(from)) ghost?.hear(from, bytes);
        return !deceived.includes(from);
      },
    };
  },
};

/** A strike is a second, other vote of a kind in a view, or both a Nullify and a Finalize. */
function countVote(context: AttackContext, votes: Map<string, string>, bytes: Uint8Array): void {
  const message = inAgreement(bytes);
  if (message?.kind !== "vote" || message.vote.voter !== context.self) return;
  const { vote } = message.vote;
  const said = vote.kind === "nullify" ? "" : vote.hash;
  const before = votes.get(`${vote.kind} ${vote.view}`);
  if (before === said) return;
  votes.set(`${vote.kind} ${vote.view}`, said);
  const rival = vote.kind === "nullify" ? "finalize" : vote.kind === "finalize" ? "nullify" : null;
  if (before !== undefined || (rival !== null && votes.has(`${rival} ${vote.view}`))) strike(context, "double-voter");
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

  async function live(): Promise<void> {
    const recovered = await store.recover();
    const born = life;
    const alive = () => life === born && !isFrozen;
    replica = startReplica({
      site: site.site,
      self,
      store,
      recovered,
      send: (to, bytes) => (alive() && isRestored ? send(to, bytes) : undefined),
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
      if (bundle === null || replica === null || drafted.has(bundle.hash)) return;
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

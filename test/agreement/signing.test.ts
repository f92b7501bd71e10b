/** What holds after any sequence of inputs, honest or not, with restarts in between. */
import test from "ava";
import fc from "fast-check";
import { type Effect, type Input } from "../../ledger/agreement/index.ts";
import type { Committee } from "../../ledger/committee/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import {
  blockOn,
  certified,
  finalizationOf,
  gateway,
  genesis,
  named,
  notarizationOf,
  leaderAt,
  nullificationOf,
  propose,
  voteBy,
} from "./gateway.ts";
import { blockHash, encodeMessage } from "../../ledger/message/index.ts";

const VIEWS = [1, 2, 3, 4, 5];

/** For each view: a block on genesis, a rival of it, and one on the block of the view before. */
const blocks = VIEWS.flatMap((view) => {
  const below = blockOn(genesis, Math.max(1, view - 1), { 1: view - 1 });
  const above = blockOn(view === 1 ? genesis : named(below), view, { 1: view + 10 });
  return [blockOn(genesis, view, { 1: view }), blockOn(genesis, view, { 2: view }), above];
});

const arbitraryInput: fc.Arbitrary<Input> = fc
  .tuple(fc.nat({ max: 9 }), fc.constantFrom(...blocks), fc.constantFrom(...VIEWS), fc.constantFrom(1, 2, 3))
  .map(([kind, block, view, from]): Input => {
    const hash = blockHash(block);
    switch (kind) {
      case 0:
        return certified(view % 4, view);
      case 1:
        return { kind: "wake" };
      case 2:
        return { kind: "message", from, message: { kind: "certificate", certificate: nullificationOf(view) } };
      case 3:
        return { kind: "message", from, message: { kind: "certificate", certificate: notarizationOf(block) } };
      case 4:
        return { kind: "message", from, message: voteBy(from, { kind: "nullify", view }) };
      case 5:
        return { kind: "message", from, message: voteBy(from, { kind: "finalize", view: block.view, hash }) };
      case 6:
        return { kind: "linkUp", peer: from };
      default: {
        const parent = blocks.find((other) => blockHash(other) === block.parent);
        const skipped = VIEWS.filter((other) => other < block.view && other > (parent?.view ?? 0));
        const beside = {
          parent: parent === undefined ? null : notarizationOf(parent),
          nullifications: skipped.map(nullificationOf),
        };
        return { kind: "message", from: leaderAt(block.view), message: propose(block, beside) };
      }
    }
  });

/** An own vote from outside would stop the gateway (A9). */
function isForeign(self: number, input: Input): boolean {
  return input.kind !== "message" || input.message.kind !== "vote" || input.message.vote.voter !== self;
}

/** Every own vote and proposal that leaves must be among the writes before it. */
function unpersisted(committee: Committee, before: readonly Write[], effects: readonly Effect[]): readonly string[] {
  const written = new Set(
    before.flatMap((write) => (write.kind === "vote" || write.kind === "proposal" ? [toHex(write.bytes)] : [])),
  );
  return effects.flatMap((effect) => {
    if (effect.kind === "persist" && (effect.write.kind === "vote" || effect.write.kind === "proposal"))
      written.add(toHex(effect.write.bytes));
    if (effect.kind !== "send") return [];
    const { message } = effect;
    const own =
      (message.kind === "vote" && message.vote.voter === committee.self) ||
      (message.kind === "propose" && leaderAt(message.proposal.block.view) === committee.self);
    return own && !written.has(toHex(encodeMessage(message))) ? [message.kind] : [];
  });
}

test("A9: whatever comes, no own vote or proposal is sent before it was persisted", (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 3 }), fc.array(arbitraryInput, { maxLength: 25 }), (self, inputs) => {
      const driven = gateway(self);
      let nowMs = 1000;
      for (const input of inputs.filter((one) => isForeign(self, one))) {
        driven.setClock((nowMs += 3000));
        const before = [...driven.writes];
        const missing = unpersisted(driven.committee, before, driven.step(input));
        if (missing.length > 0) throw new Error(`sent before it was on disk: ${missing.join(", ")}`);
      }
    }),
    { numRuns: 150 },
  );
  t.pass();
});

test("A4, A5, A6: whatever comes and however often it restarts, a gateway signs one block a view and never both Nullify and Finalize", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 3 }),
      fc.array(fc.array(arbitraryInput, { maxLength: 12 }), { maxLength: 4 }),
      async (self, lives) => {
        let driven = gateway(self);
        let nowMs = 1000;
        for (const inputs of lives) {
          for (const input of inputs.filter((one) => isForeign(self, one))) {
            driven.setClock((nowMs += 3000));
            driven.step(input);
          }
          driven = await driven.restarted();
        }
        const signed = new Map<string, string>();
        for (const write of driven.writes) {
          if (write.kind !== "vote" && write.kind !== "proposal") continue;
          const key = `${write.kind === "vote" ? write.vote : "proposal"} ${write.view}`;
          const bytes = toHex(write.bytes);
          if ((signed.get(key) ?? bytes) !== bytes) throw new Error(`two of ${key}`);
          signed.set(key, bytes);
        }
        for (const view of VIEWS) {
          if (signed.has(`nullify ${view}`) && signed.has(`finalize ${view}`))
            throw new Error(`Nullify and Finalize in view ${view}`);
        }
      },
    ),
    { numRuns: 100 },
  );
  t.pass();
});

test("A8: whatever comes, no vote is newly signed at or below the highest Finalization known", (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          arbitraryInput,
          fc.constantFrom(...blocks).map(
            (block): Input => ({
              kind: "message",
              from: 1,
              message: { kind: "certificate", certificate: finalizationOf(block) },
            }),
          ),
        ),
        { maxLength: 25 },
      ),
      (inputs) => {
        const driven = gateway(0);
        let nowMs = 1000;
        for (const input of inputs) {
          driven.setClock((nowMs += 3000));
          const final = driven.state().highest?.vote.view ?? 0;
          for (const effect of driven.step(input)) {
            if (effect.kind === "persist" && effect.write.kind === "vote" && effect.write.view <= final)
              throw new Error(`a ${effect.write.vote} in view ${effect.write.view}, which was final`);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

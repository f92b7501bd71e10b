/** Mutants of ledger/agreement and ledger/committee. */
import type { Mutant } from "./mutant.ts";

const propose = "ledger/agreement/propose.ts";
const certificates = "ledger/agreement/certificates.ts";
const step = "ledger/agreement/step.ts";
const recover = "ledger/agreement/recover.ts";
const pace = "ledger/agreement/pace.ts";
const repair = "ledger/agreement/repair.ts";
const committee = "ledger/committee/index.ts";

export const agreementMutants: readonly Mutant[] = [
  {
    name: "a quorum of two in a site of four",
    rule: "C2",
    edits: [
      {
        file: "ledger/management/committee.ts",
        find: "Math.ceil((gateways + faultsOf(gateways) + 1) / 2)",
        replace: "Math.ceil((gateways + faultsOf(gateways) - 1) / 2)",
      },
    ],
  },
  {
    name: "one signer twice in a certificate",
    rule: "C3",
    attack: "certificate-forger",
    edits: [{ file: committee, find: " || seen.has(voter)", replace: "" }],
  },
  {
    name: "a certificate of too few signers",
    rule: "C3",
    attack: "certificate-forger",
    edits: [{ file: committee, find: "signatures.length < needed || ", replace: "" }],
  },
  {
    name: "certificates whose signatures nobody checks",
    rule: "C3",
    attack: "certificate-forger",
    edits: [
      {
        file: certificates,
        find: "return same || committee.verify(signer, message, signature);",
        replace: "return true;",
      },
    ],
  },
  {
    name: "a view is skipped without its nullification",
    rule: "A4",
    attack: "unjust-leader",
    edits: [
      {
        file: propose,
        find: 'if (roundOf(state, skipped).nullification === null) return { kind: "wait" };',
        replace: "",
      },
    ],
  },
  {
    name: "a parent that nobody notarized",
    rule: "A4",
    attack: "unjust-leader",
    edits: [
      {
        file: propose,
        find: 'if (!isNotarized(state, parent.view, block.parent)) return { kind: "wait" };',
        replace: "",
      },
    ],
  },
  {
    name: "a lane goes backwards",
    rule: "A4",
    attack: "unjust-leader",
    edits: [
      {
        file: propose,
        find: "if (tip.number < before.number) return",
        replace: "if (tip.number < before.number) continue; if (false) return",
      },
    ],
  },
  {
    name: "a lane changes its bundle",
    rule: "A4",
    attack: "unjust-leader",
    edits: [{ file: propose, find: "if (tip.hash !== before.hash) return", replace: "if (false) return" }],
  },
  {
    name: "the certificates in a cut are not checked",
    rule: "A4",
    attack: "unjust-leader",
    edits: [{ file: propose, find: "if (!laneCertificateHolds(turn.committee, certificate))", replace: "if (false)" }],
  },
  {
    name: "a block of another configuration",
    rule: "A4",
    attack: "unjust-leader",
    edits: [{ file: propose, find: "if (block.configHash !== committee.configHash)", replace: "if (false)" }],
  },
  {
    name: "a checkpoint that contradicts the own log",
    rule: "A4",
    attack: "unjust-leader",
    edits: [
      { file: propose, find: "if (root !== undefined && root !== block.checkpoint?.root)", replace: "if (false)" },
    ],
  },
  {
    name: "two proposals of a leader are both voted for",
    rule: "A4",
    attack: "equivocating-leader",
    edits: [
      { file: step, find: " || earlier?.leader === leader) return;", replace: ") return;" },
      {
        file: propose,
        find: "round.sent.notarize !== null || ",
        replace:
          'round.sent.notarize !== null && "hash" in round.sent.notarize.vote && round.sent.notarize.vote.hash === round.proposal.hash || ',
      },
      { file: certificates, find: "invariant(sent[vote.kind] === null,", replace: "invariant(true," },
      {
        file: "ledger/store/memory-writes.ts",
        find: "refuseSecond(`${vote} vote`, view, first?.bytes, bytes);",
        replace: "",
      },
      {
        file: "ledger/store/memory-writes.ts",
        find: "if (first === undefined) set(state.votes,",
        replace: "set(state.votes,",
      },
    ],
  },
  {
    name: "finalize after nullify",
    rule: "A5",
    edits: [
      {
        file: certificates,
        find: "if (sent.nullify !== null || sent.finalize !== null) return;",
        replace: "if (sent.finalize !== null) return;",
      },
      { file: certificates, find: "invariant(excluded === null,", replace: "invariant(true," },
    ],
  },
  {
    name: "votes leave without being stored",
    rule: "A9",
    edits: [
      {
        file: certificates,
        find: 'persist(turn, { kind: "vote", view: vote.view, vote: vote.kind, bytes: encodeMessage(message) });',
        replace: 'persist(turn, { kind: "memo", key: "vote", bytes: encodeMessage(message) });',
      },
    ],
  },
  {
    name: "a restart forgets the own votes",
    rule: "A9",
    edits: [
      {
        file: recover,
        find: "for (const { bytes } of stored.votes)",
        replace: "for (const { bytes } of stored.votes.slice(0, 0))",
      },
    ],
  },
  {
    name: "a restart forgets the own proposal",
    rule: "A9",
    edits: [
      {
        file: recover,
        find: "for (const { bytes } of stored.proposals)",
        replace: "for (const { bytes } of stored.proposals.slice(0, 0))",
      },
    ],
  },
  {
    name: "votes for any view ahead are kept",
    rule: "A10",
    attack: "future-flooder",
    edits: [{ file: step, find: "if (vote.view > state.view + HORIZON_VIEWS) return;", replace: "" }],
  },
  {
    // Each of the three alone is enough in a simulated site, which is why none of them is missed alone.
    name: "who was too impatient once stays so",
    rule: "A11",
    gateways: 2,
    edits: [
      { file: pace, find: " || roundOf(turn.state, vote.view).sent.nullify !== null", replace: "" },
      { file: pace, find: "Math.max(tookMs, FIRST_PATIENCE_MS / 2)", replace: "tookMs" },
      { file: pace, find: "Math.max(MIN_PATIENCE_MS, MAX_STRETCH * meanMs)", replace: "MAX_STRETCH * meanMs" },
    ],
  },
  {
    name: "nothing is said a second time",
    rule: "A6",
    edits: [{ file: repair, find: '  retransmit(turn, "all");\n', replace: "" }],
  },
  {
    name: "a signature counts for every kind of vote",
    rule: "C1",
    attack: "certificate-forger",
    edits: [
      {
        file: committee,
        find: "hashBytes(configHash), kind, ...numbers",
        replace: "hashBytes(configHash), ...numbers",
      },
    ],
  },
  {
    name: "only the last block of a finalized chain is delivered",
    rule: "A7",
    edits: [
      { file: "ledger/agreement/deliver.ts", find: "return chain.reverse();", replace: "return chain.slice(0, 1);" },
    ],
  },
];

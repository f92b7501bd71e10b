/** Mutants of ledger/lane. */
import type { Mutant } from "./mutant.ts";

const receive = "ledger/lane/receive.ts";
const certify = "ledger/lane/certify.ts";
const repair = "ledger/lane/repair.ts";

export const laneMutants: readonly Mutant[] = [
  {
    name: "an ack for what re-assessment refused",
    rule: "L3",
    attack: "falsifier",
    edits: [
      {
        file: receive,
        find: 'if (verdict.kind === "reject") return refuse(turn, owner, candidate, verdict.reason);',
        replace: "",
      },
    ],
  },
  {
    name: "a bundle on a parent that is not held",
    rule: "L3",
    attack: "equivocating-owner",
    edits: [
      {
        file: receive,
        find: "if (bundle.header.parent !== lane.heldHash) return `its parent",
        replace: "if (false) return `its parent",
      },
    ],
  },
  {
    name: "acks leave before the bundle is on disk",
    rule: "L3",
    edits: [
      {
        file: "ledger/replica/replica.ts",
        find: 'return sendBehind(effect.to, { layer: "lane", message: effect.message });',
        replace:
          'if (effect.message.kind === "ack") { const { voters, epoch: now } = epoch.committee; for (const peer of typeof effect.to === "number" ? [effect.to] : effect.to === "all" ? voters : effect.to) if (peer !== self) transmit(peer, sealMessage({ layer: "lane", message: effect.message }, now)); return; } return sendBehind(effect.to, { layer: "lane", message: effect.message });',
      },
    ],
  },
  {
    name: "the last ack is not repeated after a restart",
    rule: "L3",
    edits: [{ file: certify, find: "  acknowledgeAgain(turn, lane);\n}", replace: "}" }],
  },
  {
    name: "a restart numbers own bundles anew",
    rule: "L2",
    edits: [
      {
        file: "ledger/lane/recover.ts",
        find: "(stored.number < 0 ? {} : endAt(stored))",
        replace:
          "(stored.number < 0 ? {} : { ...endAt(stored), held: stored.number, heldHash: stored.number === 0 ? NO_HASH : stored.hash })",
      },
    ],
  },
  {
    name: "one ack too few makes a certificate",
    rule: "L4",
    edits: [
      {
        file: "ledger/lane/certificate.ts",
        find: "return committee.quorum - 1;",
        replace: "return committee.quorum - 2;",
      },
    ],
  },
  {
    name: "lane certificates that nobody checks",
    rule: "L4",
    attack: "certificate-forger",
    edits: [{ file: certify, find: "if (!laneCertificateHolds(turn.committee, certificate))", replace: "if (false)" }],
  },
  {
    name: "acks in a lane whose refused bundle was taken in",
    rule: "L8",
    edits: [{ file: receive, find: "silence(turn, owner);\n  hold(", replace: "hold(" }],
  },
  {
    name: "acks in a lane whose owner signed rivals",
    rule: "L9",
    attack: "equivocating-owner",
    edits: [{ file: certify, find: "  silence(turn, lane);\n  setLane(", replace: "  setLane(" }],
  },
  {
    name: "the losing rival stays",
    rule: "L9",
    attack: "equivocating-owner",
    edits: [
      {
        file: certify,
        find: "if (rewinding || isOwn(turn, lane)) return;",
        replace: "if (lane >= 0 || rewinding) return;",
      },
    ],
  },
  {
    name: "a standstill goes unnoticed",
    rule: "L7",
    edits: [{ file: repair, find: "const STANDSTILL_MS = 500;", replace: "const STANDSTILL_MS = 5_000_000;" }],
  },
  {
    name: "bundles from any distance ahead are kept",
    rule: "L5",
    attack: "future-flooder",
    edits: [
      {
        file: receive,
        find: " || number >= lane.held + KEPT_AHEAD) return false;",
        replace: ") return false;",
      },
    ],
  },
];

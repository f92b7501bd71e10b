import type Database from "better-sqlite3";
import { ACCEPTED_KEPT, EVIDENCE_KEPT, REFUSAL_EVIDENCE_BYTES, REFUSALS_KEPT } from "./limits.ts";
import type { CrossingWrite } from "./protocol.ts";
import { bundleKey } from "./schema.ts";

type Of<K extends CrossingWrite["kind"]> = Extract<CrossingWrite, { kind: K }>;
type Writers = { readonly [K in CrossingWrite["kind"]]: (write: Of<K>) => void };

/** Applies writes inside the caller's transaction (S2), each idempotent (S3). */
export function openWrites(database: Database.Database): (write: CrossingWrite) => void {
  const writers: Writers = { ...laneWriters(database), ...agreementWriters(database), ...ownWriters(database) };
  return (write) => (writers[write.kind] as (write: CrossingWrite) => void)(write);
}

type LaneKind = "bundle" | "laneCertificate" | "checkpoint" | "anchor";

function laneWriters(database: Database.Database): Pick<Writers, LaneKind> {
  const held = database.prepare("SELECT hash FROM bundle WHERE key = ?").pluck();
  const executed = database.prepare("SELECT 1 FROM leaf WHERE bundle = ?").pluck();
  const dropFrom = database.prepare("DELETE FROM bundle WHERE key >= ? AND key < ?");
  const bundle = database.prepare("INSERT INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const laneCertificate = database.prepare(`INSERT INTO lane_certificate VALUES (?, ?, ?)
    ON CONFLICT (lane) DO UPDATE SET number = excluded.number, bytes = excluded.bytes WHERE excluded.number > number`);
  const checkpoint = database.prepare(`INSERT INTO checkpoint VALUES (1, ?, ?, ?)
    ON CONFLICT (only) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note WHERE excluded.size >= size`);
  const anchor = database.prepare("INSERT INTO anchor VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  return {
    bundle: ({ lane, number, hash, first, count, cose, statements }) => {
      const key = bundleKey(lane, number);
      const present = held.get(key) as string | undefined;
      if (present === hash) return;
      if (present !== undefined) {
        if (executed.get(key) !== undefined) {
          throw new Error(`bundle ${number} of lane ${lane} is already in the log and cannot be replaced`);
        }
        // S4: the half of an equivocation that lost, and what was built on it.
        dropFrom.run(key, bundleKey(lane + 1, -1));
      } else if (number > 0 && held.get(key - 1) === undefined) {
        throw new Error(`bundle ${number} of lane ${lane} was written before its parent`);
      }
      bundle.run(key, lane, number, hash, first, count, cose, statements);
    },
    laneCertificate: ({ lane, number, bytes }) => void laneCertificate.run(lane, number, bytes),
    checkpoint: ({ size, root, note }) => void checkpoint.run(size, root, note),
    anchor: ({ ledger, size, note }) => void anchor.run(size, ledger, note),
  };
}

type AgreementKind = "vote" | "proposal" | "certificate" | "block" | "finalized" | "epoch";

function agreementWriters(database: Database.Database): Pick<Writers, AgreementKind> {
  const voted = database.prepare("SELECT bytes FROM vote WHERE view = ? AND vote = ?").pluck();
  const proposed = database.prepare("SELECT bytes FROM proposal WHERE view = ?").pluck();
  const vote = database.prepare("INSERT INTO vote VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  const proposal = database.prepare("INSERT INTO proposal VALUES (?, ?) ON CONFLICT DO NOTHING");
  const certificate = database.prepare("INSERT INTO certificate VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  const block = database.prepare("INSERT INTO block VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
  const chain = database.prepare("INSERT INTO chain VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING");
  const finalization = database.prepare(
    "UPDATE chain SET finalization = ? WHERE view = ? AND hash = ? AND finalization IS NULL",
  );
  const isFinal = database.prepare("SELECT 1 FROM chain WHERE view = ? AND hash = ?").pluck();
  const prune = ["vote", "proposal", "certificate", "block"].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE view <= ?`),
  );
  const epoch = database.prepare("INSERT INTO epoch VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
  const forget = ["vote", "proposal", "certificate", "block", "lane_certificate"].map((table) =>
    database.prepare(`DELETE FROM ${table}`),
  );
  const forgetSuccessors = database.prepare("DELETE FROM memo WHERE key = 'successors'");
  const endLane = laneEnder(database);
  return {
    epoch: ({ epoch: number, view, tips, document, ends, self }) => {
      // S3: the second time it would drop what the new epoch has signed since.
      if (epoch.run(number, view, JSON.stringify(tips), document).changes === 0) return;
      // The first epoch has none before it.
      if (view === 0) return;
      for (const drop of forget) drop.run();
      forgetSuccessors.run();
      for (const lane of ends) endLane(lane, tips[lane]?.number ?? -1, lane === self);
    },
    vote: ({ view, vote: kind, bytes }) => {
      refuseSecond(`${kind} vote`, view, voted.get(view, kind) as Uint8Array | undefined, bytes);
      vote.run(view, kind, bytes);
    },
    proposal: ({ view, bytes }) => {
      refuseSecond("proposal", view, proposed.get(view) as Uint8Array | undefined, bytes);
      proposal.run(view, bytes);
    },
    certificate: ({ view, certificate: kind, bytes }) => void certificate.run(view, kind, bytes),
    block: ({ view, hash, bytes }) => void block.run(hash, view, bytes),
    finalized: ({ view, hash, finalization: bytes, chain: blocks }) => {
      for (const each of blocks) chain.run(each.view, each.hash, each.bytes);
      if (isFinal.get(view, hash) === undefined)
        throw new Error(`block ${hash} of view ${view} became final without its body`);
      finalization.run(bytes, view, hash);
      for (const drop of prune) drop.run(view);
    },
  };
}

/** A13: a lane whose key went loses what is above its end. */
function laneEnder(database: Database.Database): (lane: number, end: number, own: boolean) => void {
  const setAside = database.prepare(
    "INSERT INTO unsealed SELECT first, statements FROM bundle WHERE key > ? AND key < ?",
  );
  const drop = database.prepare("DELETE FROM bundle WHERE key > ? AND key < ?");
  const speakAgain = database.prepare("DELETE FROM memo WHERE key = ?");
  return (lane, end, own) => {
    const range = [bundleKey(lane, end), bundleKey(lane + 1, -1)];
    if (own) setAside.run(range);
    drop.run(range);
    speakAgain.run(`lane/${lane}/silent`);
  };
}

type OwnKind = "resealed" | "refusal" | "evidence" | "reading" | "readingsDone" | "accepted" | "memo";

function ownWriters(database: Database.Database): Pick<Writers, OwnKind> {
  const refusal = database.prepare(`INSERT INTO refusal (lane, number, hash, by_gateway, reason, evidence, at_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
  const trimRefusals = database.prepare(`DELETE FROM refusal WHERE lane = @lane AND seq <= (
    SELECT seq FROM refusal WHERE lane = @lane ORDER BY seq DESC LIMIT 1 OFFSET ${REFUSALS_KEPT})`);
  const evidenceCount = database.prepare("SELECT count(*) FROM evidence WHERE gateway = ? AND fault = ?").pluck();
  const evidence = database.prepare(
    "INSERT INTO evidence (gateway, fault, about, bytes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const reading = database.prepare("INSERT INTO reading (id, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const readingDone = database.prepare("DELETE FROM reading WHERE id = ?");
  const accepted = database.prepare("INSERT INTO accepted (key, number) VALUES (?, ?) ON CONFLICT DO NOTHING");
  const trimAccepted = database.prepare("DELETE FROM accepted WHERE seq <= ?");
  const resealed = database.prepare("DELETE FROM unsealed WHERE first = ?");
  const memo = database.prepare(
    "INSERT INTO memo VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes",
  );
  return {
    refusal: ({ lane, number, hash, by, reason, evidence: bytes, atMs }) => {
      refusal.run(lane, number, hash, by, reason, bytes.subarray(0, REFUSAL_EVIDENCE_BYTES), atMs);
      trimRefusals.run({ lane });
    },
    evidence: ({ gateway, fault, about, bytes }) => {
      if ((evidenceCount.get(gateway, fault) as number) < EVIDENCE_KEPT) evidence.run(gateway, fault, about, bytes);
    },
    resealed: ({ first }) => void resealed.run(first),
    reading: ({ id, bytes }) => void reading.run(id, bytes),
    readingsDone: ({ ids }) => {
      for (const id of ids) readingDone.run(id);
    },
    accepted: ({ key, number }) => {
      const { lastInsertRowid, changes } = accepted.run(key, number);
      if (changes > 0) trimAccepted.run(Number(lastInsertRowid) - ACCEPTED_KEPT);
    },
    memo: ({ key, bytes }) => void memo.run(key, bytes),
  };
}

/** A9: the first of its kind in a view is what was sent; another one would be equivocation, so the process must stop. */
function refuseSecond(what: string, view: number, first: Uint8Array | undefined, second: Uint8Array): void {
  if (first !== undefined && Buffer.compare(first, second) !== 0) {
    throw new Error(`a second, different ${what} in view ${view} was about to be stored`);
  }
}

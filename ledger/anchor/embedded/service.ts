import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { sign } from "../../crypto/index.ts";
import { cosign, formatNote } from "../../log/index.ts";
import { currentOf, type Lineage, originOf } from "../../management/index.ts";
import { LedgerFailure } from "./failures.ts";
import { judge, type Latest, type Policy } from "./judge.ts";
import { type KnownSites, knownSites } from "./known-sites.ts";
import { type LedgerKey, makeLedgerKey } from "./ledger-key.ts";
import { type LedgerRecord, openRecords, type Records } from "./records.ts";
import { type AddCheckpoint, parseRequest } from "./request.ts";

export type EmbeddedLedgerOptions = {
  /** Holds the ledger's key and records; made when missing. */
  readonly dir: string;
  /** On 127.0.0.1; 0 takes any free port. */
  readonly port: number;
  readonly sites: readonly Lineage[];
};

export type EmbeddedLedger = { readonly url: string; readonly vkey: string; readonly close: () => Promise<void> };

/** A note of 500 gateways has about 90 kB. */
const BODY_LIMIT_BYTES = 256 * 1024;
/** E8: SITE.json with its history. A longer one comes by a start. */
const SITE_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Starts the shared ledger of a demo or a small site. Throws LedgerFailure: LEDGER_PORT_BUSY, LEDGER_PORT_UNUSABLE,
 * LEDGER_KEY_UNUSABLE, LEDGER_RECORDS_UNUSABLE, LEDGER_SITE_TWICE.
 */
export async function startEmbeddedLedger({ dir, port, sites }: EmbeddedLedgerOptions): Promise<EmbeddedLedger> {
  const origins = sites.map((lineage) => originOf(currentOf(lineage).site));
  const twice = origins.find((origin, index) => origins.indexOf(origin) !== index);
  if (twice !== undefined) throw new LedgerFailure("LEDGER_SITE_TWICE", { origin: twice });
  const key = makeLedgerKey(dir);
  const records = openRecords(dir);
  const policies = knownSites(sites, records, dir);
  const server = Fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: 10_000 });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  addRoutes(server, policies, key, records);
  try {
    const url = await server.listen({ host: "127.0.0.1", port });
    return {
      url,
      vkey: key.vkey,
      close: async () => {
        await server.close();
        records.close();
      },
    };
  } catch (error) {
    records.close();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw new LedgerFailure("LEDGER_PORT_BUSY", { port });
    throw new LedgerFailure("LEDGER_PORT_UNUSABLE", { port, cause: code ?? message });
  }
}

function addRoutes(server: FastifyInstance, policies: KnownSites, key: LedgerKey, records: Records): void {
  server.post("/add-checkpoint", (request, reply) => {
    const parsed = parseRequest(typeof request.body === "string" ? request.body : "");
    if (parsed.kind === "reject") return text(reply, 400, `the request cannot be read: ${parsed.reason}\n`);
    const policy = policies.of(parsed.request.checkpoint.origin);
    if (policy === null) return text(reply, 404, "no site with this origin is registered here\n");
    return addCheckpoint(reply, policy, policies, key, records, parsed.request);
  });

  server.post("/site", { bodyLimit: SITE_LIMIT_BYTES }, (request, reply) => {
    const learned = policies.learn(typeof request.body === "string" ? request.body : "");
    return text(reply, learned.status, `${learned.words}\n`);
  });

  server.get<{ Querystring: { readonly origin?: unknown; readonly size?: unknown } }>(
    "/checkpoint",
    (request, reply) => {
      const { origin, size } = request.query;
      if (typeof origin !== "string") return text(reply, 400, "the query parameter origin is missing\n");
      if (size !== undefined && (typeof size !== "string" || !/^(0|[1-9][0-9]{0,14})$/.test(size))) {
        return text(reply, 400, "the query parameter size is not a tree size\n");
      }
      const record = size === undefined ? records.latest(origin) : records.at(origin, Number(size));
      if (record === null) return text(reply, 404, "no such checkpoint is recorded here\n");
      return text(reply, 200, record.note + record.countersignature);
    },
  );

  server.get("/healthz", () => ({
    status: "ok",
    origins: policies.origins.map((origin) => ({ origin, size: records.latest(origin)?.size ?? 0 })),
  }));
}

/** E2: nothing in here waits, so that reading the latest record and adding the next cannot be interleaved. */
function addCheckpoint(
  reply: FastifyReply,
  policy: Policy,
  policies: KnownSites,
  key: LedgerKey,
  records: Records,
  request: AddCheckpoint,
): FastifyReply {
  const latest: (LedgerRecord & Latest) | null = records.latest(policy.origin);
  const judgement = judge(policy, latest, request);
  switch (judgement.kind) {
    case "record": {
      const record = countersigned(key, request);
      records.add(policy.origin, record);
      policies.recorded(policy.origin, judgement.by);
      return text(reply, 200, record.countersignature);
    }
    case "repeat":
      return text(reply, 200, latest?.countersignature ?? "");
    case "conflict":
      return judgement.latestSize === null
        ? text(reply, 409, `${judgement.reason}\n`)
        : reply.code(409).header("content-type", "text/x.tlog.size").send(`${judgement.latestSize}\n`);
    case "forbidden":
      return text(reply, 403, `${judgement.reason}\n`);
    case "unproven":
      return text(reply, 422, `${judgement.reason}\n`);
  }
}

function countersigned(key: LedgerKey, { note, text: submitted, checkpoint }: AddCheckpoint): LedgerRecord {
  const seconds = Math.floor(Date.now() / 1000);
  const signature = cosign(key.verifier, (message) => sign(key.secret, message), note.body, seconds);
  const countersignature = formatNote({ body: note.body, signatures: [signature] }).slice(note.body.length + 1);
  return { size: checkpoint.size, root: checkpoint.root, note: submitted, countersignature };
}

function text(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).header("content-type", "text/plain; charset=utf-8").send(body);
}

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { anchorOnEmbedded, makeLedgerKey, startEmbeddedLedger } from "../../ledger/anchor/index.ts";
import { parseNote } from "../../ledger/log/index.ts";
import { lineageOf } from "../../ledger/management/index.ts";
import { type SiteLog, siteLog } from "./site-log.ts";

async function ledger(t: ExecutionContext, log: SiteLog) {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-ledger-"));
  const started = await startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(log.site)] });
  t.teardown(async () => {
    await started.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return started;
}

/** A ledger of the test's own making. */
async function pretender(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function someKey(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-ledger-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return makeLedgerKey(dir).vkey;
}

test("H2 submitting gives the note with the ledger's countersignature as its last line", async (t) => {
  const log = siteLog("client");
  const { url, vkey } = await ledger(t, log);
  const anchor = anchorOnEmbedded({ url, ledgerKey: vkey, origin: log.origin });
  t.deepEqual(await anchor.read(null), { kind: "none" });
  for (const size of [2, 2, 7]) {
    const answer = await anchor.submit({ note: log.note(size), consistency: log.consistency });
    if (answer.kind !== "anchored") return t.fail(JSON.stringify(answer));
    t.true(answer.note.startsWith(log.note(size)));
    const parsed = parseNote(answer.note);
    t.is(parsed.kind === "accept" ? parsed.note.signatures.length : 0, 4);
    t.deepEqual(await anchor.read(size), answer);
  }
  t.is((await anchor.read(null)).kind, "anchored");
  t.deepEqual(await anchor.read(3), { kind: "none" });
});

test("H3 a gateway that does not know the ledger's size learns it, and one that is behind is told so", async (t) => {
  const log = siteLog("catching-up");
  const { url, vkey } = await ledger(t, log);
  const options = { url, ledgerKey: vkey, origin: log.origin };
  const [one, two] = [anchorOnEmbedded(options), anchorOnEmbedded(options)];
  t.is((await one.submit({ note: log.note(5), consistency: log.consistency })).kind, "anchored");
  t.is((await two.submit({ note: log.note(9), consistency: log.consistency })).kind, "anchored");
  t.deepEqual(await one.submit({ note: log.note(7), consistency: log.consistency }), { kind: "ahead", ledgerSize: 9 });
  t.is((await one.submit({ note: log.note(9, [1, 2, 3]), consistency: log.consistency })).kind, "anchored");
  const answers = await Promise.all(
    [one, two, one, two].map((each, index) =>
      each.submit({ note: log.note(10 + index), consistency: log.consistency }),
    ),
  );
  t.true(
    answers.every(({ kind }) => kind === "anchored" || kind === "ahead"),
    JSON.stringify(answers),
  );
});

test("H5 a refusal says why and is not retried", async (t) => {
  const log = siteLog("refused");
  const fork = siteLog("refused", 4, "fork");
  const { url, vkey } = await ledger(t, log);
  const anchor = anchorOnEmbedded({ url, ledgerKey: vkey, origin: log.origin });
  const few = await anchor.submit({ note: log.note(8, [0, 1]), consistency: log.consistency });
  t.is(few.kind, "refused");
  t.regex(few.kind === "refused" ? few.reason : "", /403: .*2 gateways/);
  t.is((await anchor.submit({ note: log.note(8), consistency: log.consistency })).kind, "anchored");
  const other = await anchor.submit({ note: fork.note(8), consistency: fork.consistency });
  t.regex(other.kind === "refused" ? other.reason : "", /two histories/);
  const forked = await anchor.submit({ note: fork.note(9), consistency: fork.consistency });
  t.regex(forked.kind === "refused" ? forked.reason : "", /422/);
  const unknown = siteLog("elsewhere");
  const elsewhere = anchorOnEmbedded({ url, ledgerKey: vkey, origin: unknown.origin });
  t.regex(
    JSON.stringify(await elsewhere.submit({ note: unknown.note(4), consistency: unknown.consistency })),
    /refused.*404/,
  );
});

test("H5 a ledger that cannot be reached is asked again later and later", async (t) => {
  const log = siteLog("unreachable");
  const url = await pretender(t, (request) => void request.socket.destroy());
  const anchor = anchorOnEmbedded({ url, ledgerKey: someKey(t), origin: log.origin });
  const pauses: number[] = [];
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const answer = await anchor.submit({ note: log.note(4), consistency: log.consistency });
    if (answer.kind !== "unavailable") return t.fail(answer.kind);
    pauses.push(answer.retryAfterMs);
  }
  t.true((pauses[0] ?? 0) <= 625 && (pauses[3] ?? 0) >= 3000 && (pauses[8] ?? 0) <= 75_000, JSON.stringify(pauses));
});

const hostile: Record<string, RequestListener> = {
  "a signature of another key": (_request, response) =>
    response.end(
      "\u2014 tallystick-embedded-ledger AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n",
    ),
  nothing: (_request, response) => response.end(),
  "bytes without end": (_request, response) => {
    const flood = setInterval(() => response.write("x".repeat(65_536)), 1);
    response.on("close", () => clearInterval(flood));
  },
  silence: () => undefined,
  "a drip": (_request, response) => {
    const drip = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(drip));
  },
  "a redirect": (_request, response) =>
    response.writeHead(307, { location: "http://127.0.0.1:9/add-checkpoint" }).end(),
  "sizes that always move": (() => {
    let size = 0;
    return (_request, response) => {
      size = (size + 1) % 4;
      response.writeHead(409, { "content-type": "text/x.tlog.size" }).end(`${size}\n`);
    };
  })(),
  "an error of its own": (_request, response) => response.writeHead(500).end("\u001b[31mowned\n".repeat(1000)),
};

for (const [name, listener] of Object.entries(hostile)) {
  test(`H4 a ledger that answers with ${name} is unavailable, in bounded time and words`, async (t) => {
    const log = siteLog("hostile");
    const url = await pretender(t, listener);
    const anchor = anchorOnEmbedded({ url, ledgerKey: someKey(t), origin: log.origin, timeoutMs: 700 });
    const started = performance.now();
    const answer = await anchor.submit({ note: log.note(4), consistency: log.consistency });
    t.is(answer.kind, "unavailable");
    const reason = answer.kind === "unavailable" ? answer.reason : "";
    t.regex(reason, /^[\x20-\x7e]{1,300}$/);
    t.true(performance.now() - started < 5000);
    t.is((await anchor.read(null)).kind === "anchored", false);
  });
}

test("H3 a ledger that lies about being ahead is asked again the next time", async (t) => {
  const log = siteLog("liar");
  let asked = 0;
  const url = await pretender(t, (_request, response) => {
    asked += 1;
    response.writeHead(409, { "content-type": "text/x.tlog.size" }).end("999999\n");
  });
  const anchor = anchorOnEmbedded({ url, ledgerKey: someKey(t), origin: log.origin });
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    t.deepEqual(await anchor.submit({ note: log.note(4), consistency: log.consistency }), {
      kind: "ahead",
      ledgerSize: 999999,
    });
    t.is(asked, attempt);
  }
});

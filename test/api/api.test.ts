import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import {
  type ApiPort,
  buildApi,
  type ConfigurationShown,
  type DeviceStatus,
  type GatewayStatus,
  makeEventBus,
  makeMetrics,
} from "../../gateway/api/index.ts";
import { devicesOf } from "../../gateway/site/plan.ts";
import { type Site, siteOf } from "../../ledger/management/index.ts";
import { encodeStatement, type Measurement } from "../../ledger/statement/index.ts";
import type { FinalStatement } from "../../ledger/store/port.ts";
import { fixedGateway } from "../vectors/site.ts";

const plan = { site: "demo", gateways: 2, basePort: 30_000, stations: "mqtt" } as const;
const gateway = { key: "", checkpointKey: "", tlsPin: "" };
const site: Site = {
  format: "tallystick-site/v1",
  site: "demo",
  epoch: 0,
  gateways: [
    { name: "gw-1", ...gateway },
    { name: "gw-2", ...gateway },
  ],
  devices: devicesOf(plan),
  ledgers: [],
  model: { sha256: "0".repeat(64), toleranceMilli: 10 },
  configHash: "0".repeat(64),
};
const status: GatewayStatus = {
  site: "demo",
  epoch: 0,
  gateway: "gw-1",
  pid: 1,
  version: "0",
  view: 1,
  finalizedView: 0,
  leader: "gw-1",
  seed: "0".repeat(64),
  logSize: 0,
  logRoot: "0".repeat(64),
  statements: 0,
  checkpoint: null,
  anchoredSize: 0,
  counts: { accepted: 0, final: 0, anchored: 0 },
  lanes: [],
  peers: [
    {
      gateway: "gw-2",
      connected: false,
      reason: "not dialled yet",
      rejected: 0,
      lastRejected: null,
      cutOffs: 0,
      cutOff: null,
    },
  ],
  devices: [],
  queues: { accept: 3 },
  refusals: [],
  evidence: [],
  evidenceKept: 0,
  halted: null,
};

const scale: DeviceStatus = {
  id: "scale-1",
  station: "dock-1",
  protocol: "mt-sics",
  state: "quarantined",
  place: "/dev/ttyUSB0 at 9600 8N1",
  serial: "B0123456",
  lastFrameAt: 1_790_000_000_000,
  frames: 12,
  refused: 1,
  noiseBytes: 0,
  lastBad: [{ at: 1_790_000_000_000, hex: "5320530d0a", reason: "not a reply" }],
  quarantine: { since: 1_790_000_000_000, kind: "mass", was: "kg with 3 decimals", shows: "lb with 2 decimals" },
  lastError: "device scale-1 showed kg with 3 decimals and now shows lb with 2 decimals",
};

const configuration: ConfigurationShown = {
  epoch: 0,
  configHash: site.configHash,
  gateways: [
    { name: "gw-1", left: false },
    { name: "gw-2", left: false },
  ],
  approvalsNeeded: 2,
  unsealed: 0,
  successors: [],
};

/** An API over a gateway that keeps its statements in memory; what is submitted is final at once. */
async function api(change: Partial<ApiPort> = {}, limits: { readonly drainMs?: number } = {}) {
  const finals: FinalStatement[] = [];
  const keys = new Map<string, number>();
  const failures: Error[] = [];
  const submitted: Measurement[] = [];
  const events = makeEventBus();
  const port: ApiPort = {
    site,
    siteJson: () => site,
    configuration: () => configuration,
    propose: async () => null,
    approve: async () => null,
    gateway: "gw-1",
    token: "secret",
    status: async () => ({ ...status, statements: finals.length }),
    statementsAfter: async (index, limit) => finals.filter((final) => final.index > index).slice(0, limit),
    statement: async (lane, number) => finals.find((final) => final.lane === lane && final.number === number) ?? null,
    receipt: async (lane, number) => {
      if (lane !== 0) return { kind: "unknown" };
      return { kind: "pending", stage: number < finals.length ? "final" : "accepted" };
    },
    twin: async () => null,
    evidence: () => [],
    evidenceFile: async () => null,
    checkpointNote: () => null,
    acknowledge: (id) => (id === scale.id ? { ...scale, state: "online", quarantine: null, lastError: null } : null),
    accepted: async (key) => keys.get(key) ?? null,
    submit: async (measurement, key) => {
      const number = finals.length;
      const assessment = {
        model: "0".repeat(64),
        predictedGrams: 1,
        lowGrams: 1,
        highGrams: 1,
        verdict: "accept",
        reasons: [],
      } as const;
      finals.push({ index: number, lane: 0, number, bytes: encodeStatement({ number, measurement, assessment }) });
      submitted.push(measurement);
      if (key !== null) keys.set(key, number);
      events.finalized();
      return { number };
    },
    notReady: () => null,
    notAlive: () => null,
    failed: (error) => void failures.push(error),
    events,
    metrics: makeMetrics(),
    now: () => 1_800_000_000_000,
    ...change,
  };
  const app = await buildApi(port, limits);
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    app.inject({
      method: "POST",
      url: "/v1/measurements",
      headers: { authorization: "Bearer secret", "content-type": "application/json", ...headers },
      payload: typeof body === "string" ? body : JSON.stringify(body),
    });
  return { app, post, submitted, failures, events };
}

const good = { item: "A", massGrams: "1234.5", dimensionsMm: [300, "200.5", 100] };

test("H3: a measurement is answered with its place, exactly as it was said", async (t) => {
  const { app, post, submitted } = await api();
  const answer = await post(good);
  t.deepEqual([answer.statusCode, answer.json()], [201, { gateway: "gw-1", number: 0 }]);
  t.deepEqual(submitted[0]?.mass, { mantissa: 12_345, exponent: -4 });
  t.deepEqual(submitted[0]?.dimensions.width, { mantissa: 2_005, exponent: -4 });
  const read = await app.inject("/v1/measurements/gw-1/0");
  t.like(read.json(), {
    index: 0,
    gateway: "gw-1",
    number: 0,
    item: "A",
    massGrams: "1234.5",
    dimensionsMm: [300, 200.5, 100],
  });
  t.deepEqual((await app.inject("/v1/measurements?after=0")).json(), []);
  t.is((await post({ item: "A", massKg: "1.2", dimensionsMm: ["1", "2", "3"] })).statusCode, 201);
});

test("H4: whatever is wrong with a measurement, 422 names its field", async (t) => {
  const { post, submitted } = await api();
  const wrong: readonly (readonly [unknown, string])[] = [
    [{ ...good, item: "" }, "item"],
    [{ ...good, item: "é" }, "item"],
    [{ ...good, massGrams: 1.5 }, "massGrams"],
    [{ ...good, massGrams: "1e3" }, "massGrams"],
    [{ ...good, massGrams: "-1" }, "massGrams"],
    [{ ...good, massGrams: "99999999" }, "massGrams"],
    [{ ...good, massGrams: undefined }, "massGrams"],
    [{ ...good, massKg: "1" }, "massKg"],
    [{ ...good, dimensionsMm: [1, 2] }, "dimensionsMm"],
    [{ ...good, dimensionsMm: [1, 2, 0] }, "dimensionsMm[2]"],
    [{ ...good, dimensionsMm: ["1", "2.55", "3"] }, "dimensionsMm[1]"],
    [{ ...good, station: "nowhere" }, "station"],
    [{ ...good, weight: 3 }, "weight"],
    [[], "body"],
    ["{", "body"],
  ];
  for (const [body, field] of wrong) {
    const answer = await post(body);
    t.deepEqual([answer.statusCode, answer.json().field], [422, field], JSON.stringify(body));
    t.regex(String(answer.headers["content-type"]), /^application\/problem\+json/);
  }
  t.is(submitted.length, 0);
});

test("H2: without the token nothing is even parsed", async (t) => {
  const { app, post } = await api();
  for (const authorization of ["Bearer wrong", "Bearer ", "secret", "Basic secret"]) {
    const answer = await post("{", { authorization });
    t.deepEqual([answer.statusCode, answer.json().code], [401, "unauthorized"]);
  }
  t.is((await app.inject({ method: "POST", url: "/v1/measurements", payload: good })).statusCode, 401);
});

test("H5: one key is one acceptance, also for requests at the same time; with another measurement it is refused", async (t) => {
  const { post, submitted } = await api();
  const answers = await Promise.all([1, 2, 3].map(() => post(good, { "idempotency-key": "k" })));
  t.deepEqual(
    answers.map((answer) => answer.json().number),
    [0, 0, 0],
  );
  t.is((await post(good, { "idempotency-key": "k" })).json().number, 0);
  t.is(submitted.length, 1);
  const other = await post({ ...good, massGrams: "1" }, { "idempotency-key": "k" });
  t.deepEqual([other.statusCode, other.json().field], [422, "Idempotency-Key"]);
  t.is((await post(good, { "idempotency-key": "with space" })).statusCode, 422);
});

test("H7: busy is 503 with Retry-After", async (t) => {
  const { post } = await api({
    submit: async () => Promise.reject(Object.assign(new Error("the queue is full"), { remedy: "retry" })),
  });
  const answer = await post(good);
  t.deepEqual(
    [answer.statusCode, answer.headers["retry-after"], answer.json().detail],
    [503, "1", "the queue is full"],
  );
});

test("H1: a bug is a problem document without a stack, and is told to the log", async (t) => {
  const { app, failures } = await api({ status: async () => Promise.reject(new Error("secret detail")) });
  const answer = await app.inject("/v1/status");
  t.deepEqual([answer.statusCode, answer.json().code], [500, "internal"]);
  t.false(answer.body.includes("secret detail"));
  t.is(failures.length, 1);
});

test("a receipt is 404 when unknown and 409 with Retry-After while it is not final or not anchored", async (t) => {
  const { app, post } = await api();
  await post(good);
  const [unknown, notFinal, notAnchored] = await Promise.all(
    ["gw-2/0", "gw-1/7", "gw-1/0"].map((place) => app.inject(`/v1/measurements/${place}/receipt`)),
  );
  t.deepEqual([unknown?.statusCode, unknown?.json().code], [404, "unknown-measurement"]);
  t.deepEqual([notFinal?.statusCode, notFinal?.json().code, notFinal?.headers["retry-after"]], [409, "not-final", "1"]);
  t.deepEqual([notAnchored?.statusCode, notAnchored?.json().code], [409, "not-anchored"]);
  t.is((await app.inject("/v1/measurements/gw-9/0/receipt")).statusCode, 404);
  t.is((await app.inject("/v1/measurements/gw-1/x/receipt")).statusCode, 400);
});

test("H9: evidence is listed, and what is listed can be fetched as a file; anything else is 404", async (t) => {
  const kept = {
    id: "a".repeat(64),
    gateway: "gw-2",
    fault: "two-bundles",
    about: "signed two different bundles numbered 7",
  };
  const file = Uint8Array.of(1, 2, 3);
  const { app } = await api({
    evidence: () => [kept],
    evidenceFile: async (id) => (id === kept.id ? file : null),
  });
  t.deepEqual((await app.inject("/v1/evidence")).json(), [kept]);
  const answer = await app.inject(`/v1/evidence/${kept.id}`);
  t.deepEqual([answer.statusCode, new Uint8Array(answer.rawPayload)], [200, file]);
  t.is(answer.headers["content-disposition"], 'attachment; filename="gw-2-two-bundles-aaaaaaaa.evidence"');
  const none = await app.inject(`/v1/evidence/${"b".repeat(64)}`);
  t.deepEqual([none.statusCode, none.json().code], [404, "unknown-evidence"]);
  t.is((await app.inject("/v1/evidence/7")).statusCode, 400);
});

test("every route stands in the OpenAPI 3.1 document", async (t) => {
  const { app } = await api();
  const document = (await app.inject("/v1/openapi.json")).json<{ openapi: string; paths: Record<string, object> }>();
  t.is(document.openapi, "3.1.0");
  t.deepEqual(Object.keys(document.paths).sort(), [
    "/healthz",
    "/metrics",
    "/readyz",
    "/v1/checkpoint",
    "/v1/configuration",
    "/v1/configuration/approvals",
    "/v1/configuration/successors",
    "/v1/devices/{id}/acknowledgements",
    "/v1/events",
    "/v1/evidence",
    "/v1/evidence/{id}",
    "/v1/items/{item}",
    "/v1/measurements",
    "/v1/measurements/{gateway}/{number}",
    "/v1/measurements/{gateway}/{number}/receipt",
    "/v1/site",
    "/v1/status",
  ]);
});

test("health, readiness and metrics answer for themselves", async (t) => {
  const { app } = await api({ notReady: () => "the disk budget is used up" });
  t.is((await app.inject("/healthz")).statusCode, 200);
  const ready = await app.inject("/readyz");
  t.deepEqual([ready.statusCode, ready.json().detail], [503, "the disk budget is used up"]);
  t.regex((await app.inject("/metrics")).body, /tallystick_queue_depth\{queue="accept"\} 3/);
  t.like((await app.inject("/v1/status")).json(), { site: "demo", gateway: "gw-1", queues: { accept: 3 } });
});

test("H4: what no gateway could accept is 422 and not to be sent again", async (t) => {
  const { post } = await api({
    submit: async () => Promise.reject(Object.assign(new Error("every peer would refuse it"), { remedy: "mend" })),
  });
  const answer = await post(good);
  t.deepEqual([answer.statusCode, answer.json().code, answer.headers["retry-after"]], [422, "refused", undefined]);
});

test("H1: also what is refused before a route is found is a problem document", async (t) => {
  const { app } = await api();
  for (const path of ["/v1/items/%ff", "/%", `/v1/items/${"x".repeat(300)}`]) {
    const answer = await app.inject(path);
    t.regex(String(answer.headers["content-type"]), /^application\/problem\+json/, path);
    t.true([400, 404].includes(answer.statusCode));
    t.is(typeof answer.json().code, "string");
  }
});

test("H6: clients that go away while they are being admitted free their places", async (t) => {
  const admit = Promise.withResolvers<GatewayStatus>();
  const { app } = await api({ status: () => admit.promise });
  const url = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const gone = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const socket = connect(Number(url.port), url.hostname);
      await once(socket, "connect");
      socket.write("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
      return socket;
    }),
  );
  const listen = (): Promise<Response> => fetch(new URL("/v1/events", url), { headers: { "last-event-id": "0" } });
  const full = await until(listen, ({ status: code }) => code === 503);
  t.is(((await full.json()) as { code: string }).code, "busy");
  for (const socket of gone) socket.destroy();
  admit.resolve(status);
  const answer = await until(listen, ({ status: code }) => code === 200);
  t.is(answer.headers.get("content-type"), "text/event-stream");
  await answer.body?.cancel();
  await app.close();
});

test("H6: a client that does not read is let go", async (t) => {
  const { app, events } = await api({}, { drainMs: 300 });
  const url = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  socket.write("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(
    async () => events.listeners(),
    (count) => count === 1,
  );
  socket.pause();
  const detail = "x".repeat(100_000);
  await until(
    async () => {
      events.publish({ event: "alarm", data: { alarm: "test", detail } });
      return events.listeners();
    },
    (count) => count === 0,
  );
  t.is(events.listeners(), 0);
  socket.destroy();
  await app.close();
});

/** Asks every 20 ms until the answer is as it should be; throws after 10 s. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > end) throw new Error("it did not come true within 10 s");
    await sleep(20);
  }
}

test("H10: a configuration is proposed and approved with the token, and what cannot follow is named", async (t) => {
  const asked: string[] = [];
  const { app } = await api({
    siteJson: () => ({ ...site, history: [] }),
    propose: async ({ epoch }) => (asked.push(`propose ${epoch}`), epoch === 1 ? null : `its epoch is ${epoch}.`),
    approve: async (configHash) => (asked.push(`approve ${configHash.slice(0, 4)}`), null),
  });
  const post = (url: string, payload: object, authorization = "Bearer secret") =>
    app.inject({ method: "POST", url, payload, headers: { authorization } });
  const successors = "/v1/configuration/successors";
  const { format: _, configHash: __, ...document } = site;
  const entries = ["gw-1", "gw-2"].map((name) => fixedGateway(name, "", "demo"));
  const next = siteOf({ ...document, gateways: entries, epoch: 1, previous: "0".repeat(64) });
  t.is((await post(successors, next, "Bearer guess")).statusCode, 401);
  t.deepEqual(asked, []);
  t.deepEqual((await post(successors, next)).json(), configuration);
  const late = await post(successors, siteOf({ ...document, gateways: entries, epoch: 2, previous: "0".repeat(64) }));
  t.like(late.json(), { status: 422, field: "configuration" });
  t.regex(late.json<{ detail: string }>().detail, /its epoch is 2/);
  t.is((await post(successors, { format: "other" })).statusCode, 422, "and what is no configuration at all");
  const approvals = "/v1/configuration/approvals";
  t.is((await post(approvals, { configHash: "ab".repeat(32) })).statusCode, 200);
  t.is((await post(approvals, { configHash: "short" })).statusCode, 400);
  t.deepEqual(asked, ["propose 1", "propose 2", "approve abab"]);
  t.deepEqual((await app.inject("/v1/configuration")).json(), configuration);
  t.like((await app.inject("/v1/site")).json(), { site: "demo", history: [] });
});

test("H6: events resume after Last-Event-ID without gaps, and end when the server stops", async (t) => {
  const { app, post, events } = await api();
  for (let item = 0; item < 5; item += 1) await post({ ...good, item: `I${item}` });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const stream = await fetch(`${url}/v1/events`, { headers: { "last-event-id": "1" } });
  t.is(stream.headers.get("content-type"), "text/event-stream");
  if (stream.body === null) return t.fail("there is no stream");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('"I4"') && !text.includes("alarm")) {
      events.publish({ event: "alarm", data: { alarm: "test" } });
      await post({ ...good, item: "I5" });
    }
    if (text.includes('"I5"') && text.includes("event: alarm")) void app.close();
  }
  t.deepEqual(
    [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id),
    ["2", "3", "4", "5"],
  );
});

test("H11: a quarantine ends with the token of the gateway, and the answer is the device as it is then", async (t) => {
  const { app } = await api();
  const url = "/v1/devices/scale-1/acknowledgements";
  t.is((await app.inject({ method: "POST", url })).statusCode, 401);
  const headers = { authorization: "Bearer secret" };
  const answer = await app.inject({ method: "POST", url, headers });
  t.is(answer.statusCode, 200);
  t.like(answer.json(), { id: "scale-1", state: "online", quarantine: null, lastBad: scale.lastBad });
  const unknown = await app.inject({ method: "POST", url: "/v1/devices/scale-9/acknowledgements", headers });
  t.deepEqual([unknown.statusCode, unknown.json().code], [404, "unknown-device"]);
});

test("H11: the status shows a quarantined device with what it showed, and its bad frames in hex", async (t) => {
  const { app } = await api({ status: async () => ({ ...status, devices: [scale] }) });
  const shown = (await app.inject({ url: "/v1/status" })).json();
  t.deepEqual(shown.devices, [scale]);
});

test("H8, H11: the metrics show each device's state and counts", async (t) => {
  const { app } = await api({ status: async () => ({ ...status, devices: [scale] }) });
  const { body } = await app.inject({ url: "/metrics" });
  t.regex(body, /^tallystick_device_state\{device="scale-1",state="quarantined"\} 1$/m);
  t.regex(body, /^tallystick_device_frames_total\{device="scale-1"\} 12$/m);
  t.regex(body, /^tallystick_device_refused_total\{device="scale-1"\} 1$/m);
});

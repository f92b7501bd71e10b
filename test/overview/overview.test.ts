import test from "ava";
import { fastify } from "fastify";
import type { OverviewOptions } from "../../gateway/overview/index.ts";
import { registerOverview } from "../../gateway/overview/index.ts";
import type { Overview } from "../../gateway/overview/overview.ts";
import type { GatewayStatus } from "../../gateway/overview/status.ts";
import { type FakeGateway, measurementOf, ROOT, SITE, startFakeGateway, statusOf } from "./fake-gateway.ts";

const NAMES = ["gw-1", "gw-2", "gw-3", "gw-4"];

type Scene = {
  readonly gateways: readonly FakeGateway[];
  readonly look: () => Promise<Overview>;
  readonly app: ReturnType<typeof fastify>;
  /** Moves the overview's clock, so that the next look asks anew. */
  readonly later: (ms: number) => void;
};

/** Four gateways and an overview with a clock that the test moves. */
async function scene(
  t: { teardown: (run: () => Promise<void>) => void },
  changes: Partial<OverviewOptions> = {},
  measurements = Array.from({ length: 5 }, (_, index) => measurementOf(index)),
): Promise<Scene> {
  const status = { statements: measurements.length };
  const gateways = await Promise.all(
    NAMES.map(async (name) => startFakeGateway(name, statusOf(name, NAMES, status), measurements)),
  );
  let nowMs = 1_790_000_000_000;
  const app = fastify();
  registerOverview(app, { site: SITE, gateways, nowMs: () => nowMs, ...changes });
  t.teardown(async () => {
    await app.close();
    await Promise.all(gateways.map(async (gateway) => gateway.close()));
  });
  return {
    gateways,
    app,
    look: async () => {
      const response = await app.inject("/v1/overview");
      return response.json<Overview>();
    },
    later: (ms) => {
      nowMs += ms;
    },
  };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

test.serial(
  "four gateways that agree are shown with the sum of their counters and the newest measurement first",
  async (t) => {
    const { look } = await scene(t);
    const overview = await look();
    t.is(overview.state.headline, "4 of 4 gateways agree");
    t.deepEqual(overview.counters, { accepted: 40, final: 28, anchored: 16 });
    t.deepEqual(overview.waiting, { agreement: 12, anchor: 12 });
    t.deepEqual(
      overview.measurements.map(({ item }) => item),
      ["parcel-4", "parcel-3", "parcel-2", "parcel-1", "parcel-0"],
    );
    t.deepEqual(overview.alarms, []);
    t.is(overview.devices.length, 4);
  },
);

test.serial("only the newest measurements of a long log are asked for", async (t) => {
  const { look } = await scene(
    t,
    {},
    Array.from({ length: 300 }, (_, index) => measurementOf(index)),
  );
  const { measurements } = await look();
  t.is(measurements.length, 16);
  t.is(measurements[0]?.index, 299);
  t.is(measurements.at(-1)?.index, 284);
});

test.serial("O4: killing a gateway names it and takes nothing back", async (t) => {
  const { gateways, look, later } = await scene(t);
  const before = await look();
  await at(gateways, 1).close();
  later(5000);
  const after = await look();
  t.is(after.state.headline, "3 of 4: gw-2 is away; measurements still become final");
  t.deepEqual(after.counters, before.counters);
  t.is(after.gateways[1]?.words, "away for 5 s; figures are its last");
  t.is(after.devices.find(({ gateway }) => gateway === "gw-2")?.current, false);
});

test.serial("the receipt of a gateway that is away is offered by another", async (t) => {
  const { gateways, look, later } = await scene(t);
  t.true((await look()).measurements[0]?.receiptUrl.startsWith(`${at(gateways, 0).url}/v1/measurements/gw-1/`));
  await at(gateways, 0).close();
  later(1000);
  t.true((await look()).measurements[0]?.receiptUrl.startsWith(`${at(gateways, 1).url}/v1/measurements/gw-1/`));
});

test.serial(
  "O2: a gateway that takes the question and never answers is gone after a second, and delays nobody longer",
  async (t) => {
    const { gateways, look } = await scene(t);
    at(gateways, 2).say(null);
    const started = performance.now();
    const { state } = await look();
    t.is(state.headline, "3 of 4: gw-3 is away; measurements still become final");
    t.true(performance.now() - started < 5000);
  },
);

test.serial("O2: a hundred looks at once ask each gateway once, a later look asks again", async (t) => {
  const { gateways, look, later } = await scene(t);
  await Promise.all(Array.from({ length: 100 }, look));
  await look();
  t.deepEqual(
    gateways.map((gateway) => gateway.asked()),
    [1, 1, 1, 1],
  );
  later(401);
  await look();
  t.deepEqual(
    gateways.map((gateway) => gateway.asked()),
    [2, 2, 2, 2],
  );
});

const strange: readonly (readonly [string, unknown, RegExp])[] = [
  ["is not JSON", "<html>", /the answer is not JSON/],
  ["lacks a field", { ...statusOf("gw-2", NAMES), logRoot: undefined }, /logRoot/],
  ["claims a negative count", { ...statusOf("gw-2", NAMES), logSize: -1 }, /logSize/],
  [
    "belongs to another site",
    { ...statusOf("gw-2", NAMES), site: "elsewhere" },
    /it says that it is gw-2 of site elsewhere/,
  ],
  ["comes from another gateway", statusOf("gw-3", NAMES), /it says that it is gw-3 of site harbour-7/],
  ["never ends", `"${"x".repeat(5 * 1024 * 1024)}"`, /more than 4194304 bytes/],
];

for (const [what, answer, reason] of strange) {
  test.serial(
    `O3: an answer that ${what} makes the gateway unreadable, and the others are shown all the same`,
    async (t) => {
      const { gateways, look } = await scene(t);
      at(gateways, 1).say(answer);
      const overview = await look();
      t.is(overview.gateways[1]?.standing, "unreadable");
      t.regex(overview.gateways[1]?.words ?? "", reason);
      t.is(overview.state.inTouch, 3);
      t.is(overview.alarms.length, 1);
    },
  );
}

test.serial("a lane is drawn as far as anybody knows it, and says who is behind", async (t) => {
  const { gateways, look } = await scene(t);
  const lane = (held: number, finalized: number): Partial<GatewayStatus> => ({
    lanes: [{ gateway: "gw-1", held, certified: held, finalized, executed: finalized }],
  });
  at(gateways, 0).say(statusOf("gw-1", NAMES, lane(20, 4)));
  at(gateways, 1).say(statusOf("gw-2", NAMES, lane(9, 6)));
  const { lanes } = await look();
  t.deepEqual([lanes[0]?.held, lanes[0]?.certified, lanes[0]?.final], [20, 20, 6]);
  t.deepEqual(lanes[0]?.holders[1], { gateway: "gw-2", held: 9 });
});

test.serial("O5: two logs of one size with different roots are the headline", async (t) => {
  const { gateways, look } = await scene(t);
  at(gateways, 3).say(statusOf("gw-4", NAMES, { logRoot: "b".repeat(64) }));
  const { state, alarms } = await look();
  t.is(state.level, "alarm");
  t.regex(state.headline, /gw-1 and gw-4 have different logs/);
  t.is(alarms.length, 3);
});

test.serial("a site of which nothing runs yet says that it waits", async (t) => {
  const { gateways, look } = await scene(t);
  await Promise.all(gateways.map(async (gateway) => gateway.close()));
  const overview = await look();
  t.is(overview.state.level, "waiting");
  t.deepEqual(overview.measurements, []);
});

test.serial("what the parent knows of its processes is passed on", async (t) => {
  const { look } = await scene(t, { processes: () => [{ name: "ledger", pid: null, state: "restarting" }] });
  t.deepEqual((await look()).processes, [{ name: "ledger", pid: null, state: "restarting" }]);
});

test.serial("O1: the page and all that it loads are served under a policy that lets nothing else in", async (t) => {
  const { app } = await scene(t);
  const page = await app.inject("/");
  t.is(page.statusCode, 200);
  t.regex(String(page.headers["content-security-policy"]), /default-src 'none'/);
  const loads = [...page.body.matchAll(/(?:src|href)="([^"#]+)"/g)].map((match) => String(match[1]));
  t.true(loads.includes("overview.js"));
  for (const path of loads) t.is((await app.inject(`/${path}`)).statusCode, 200, path);
  t.notRegex(page.body, /https?:|\son\w+=|style=|<style|<script>/);
});

test.serial("O1: every script that a script imports is served", async (t) => {
  const { app } = await scene(t);
  const seen = new Set<string>();
  const waiting = ["overview.js"];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const script = await app.inject(`/${path}`);
    t.is(script.statusCode, 200, path);
    waiting.push(...[...script.body.matchAll(/from "\.\/([^"]+)"/g)].map((match) => String(match[1])));
  }
  t.true(seen.size >= 7);
});

test.serial("nothing outside the page's folder is served", async (t) => {
  const { app } = await scene(t);
  for (const path of ["/../register.ts", "/%2e%2e/register.ts", "/..%2fregister.ts", "/register.ts"]) {
    t.not((await app.inject(path)).statusCode, 200, path);
  }
});

test.serial("the root that all show is the root that the gateways gave", async (t) => {
  const { look } = await scene(t);
  t.deepEqual(
    (await look()).gateways.map(({ status }) => status?.logRoot),
    [ROOT, ROOT, ROOT, ROOT],
  );
});

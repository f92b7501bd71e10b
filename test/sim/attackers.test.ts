/** Each attacker acts, leaves the trace that the rules promise, and harms nobody honest: test/sim/attackers/README.md. */
import test from "ava";
import { openMessage } from "../../ledger/replica/wire.ts";
import { type Attack, attacks } from "./attackers/index.ts";
import { type Cluster, makeCluster } from "./cluster.ts";
import { checkEnd, isSettled } from "./properties/end.ts";
import { watch as watchSite } from "./properties/index.ts";
import { seeded } from "./random.ts";
import { simulate } from "./simulation.ts";

import { simulatedSite } from "./site.ts";

const SIZE = 4;
const LIAR = 2;
const LOADED_MS = 6_000;
const SETTLES_WITHIN_MS = 20_000;
const STATEMENTS_A_GATEWAY = 40;
/** Who is away comes back to more than a window of every lane: it takes them as history (L11). */
const AWAY = 0;
const AWAY_FROM_MS = 300;
const STATEMENTS_WHILE_AWAY = 240;

/** What honest gateways have to show for an attack. */
type Trace = {
  /** Faults that they accuse the liar of, with proofs. */
  readonly faults: ReadonlySet<string>;
  readonly rejects: number;
  readonly cutOffs: number;
  /** Bundles of the liar's lane that they refused. */
  readonly refusals: number;
  readonly viewsNullified: number;
  /** Bodies that they had to ask for. */
  readonly fetches: number;
  /** Parts of a lane's history that they handed out. */
  readonly histories: number;
};

/** Calm weather, good disks, one liar of four: all that goes wrong is the attack's doing. */
async function besiege(attack: Attack | null, seed: number, isOneAway = false) {
  const random = seeded(seed);
  const site = simulatedSite(SIZE);
  const inner = watchSite(site, new Set([LIAR]));
  const faults = new Set<string>();
  const asked = { fetchBundles: 0, bundles: 0 };
  const watch: typeof inner = {
    ...inner,
    accused: (by, accusation) => {
      inner.accused(by, accusation);
      if (by !== LIAR && accusation.gateway === LIAR) faults.add(accusation.fault);
    },
    sent: (from, bytes) => {
      inner.sent(from, bytes);
      const opened = openMessage(bytes);
      const kind = opened.kind === "accept" ? opened.opened.message.kind : "";
      if (from !== LIAR && (kind === "fetchBundles" || kind === "bundles")) asked[kind] += 1;
    },
  };
  const cluster: Cluster = makeCluster({
    gateways: SIZE,
    random,
    conditions: {
      weather: { latency: { kind: "uniform", lowMs: 0.5, highMs: 2 }, far: 1, loss: 0, duplicates: 0, inOrder: true },
      regions: 1,
      fsyncMs: 1,
      checkMs: 0,
      skews: Array.from({ length: SIZE }, () => ({ ms: 0, rate: 1 })),
      picky: null,
      restored: null,
    },
    attacks: new Map(attack === null ? [] : [[LIAR, [attack]]]),
    watch,
    // A liar whose own replica finds itself out stays down.
    died: () => undefined,
  });
  const load = random.split();
  // Long enough for more bundles than a window, whoever makes the lanes slow.
  const loadedMs = isOneAway ? 2 * LOADED_MS : LOADED_MS;
  for (const index of cluster.nodes.keys()) {
    for (let made = 0; made < (isOneAway ? STATEMENTS_WHILE_AWAY : STATEMENTS_A_GATEWAY); made += 1)
      cluster.clock.after(load.next() * loadedMs, () => cluster.offer(index, `item-${index}-${made}`));
    void cluster.start(index);
  }
  if (isOneAway) cluster.clock.after(AWAY_FROM_MS, () => cluster.crash(AWAY, "lost"));
  await cluster.run(loadedMs);
  if (isOneAway) await cluster.start(AWAY);
  for (let at = loadedMs; at < loadedMs + SETTLES_WITHIN_MS && !isSettled(cluster, watch); at += 250)
    await cluster.run(at);
  await checkEnd(cluster, watch, null);
  const honest = cluster.nodes.filter((_, index) => index !== LIAR);
  const statuses = honest.flatMap(({ replica }) => (replica === null ? [] : [replica.status()]));
  const sum = (count: (status: (typeof statuses)[number]) => number) =>
    statuses.reduce((total, status) => total + count(status), 0);
  const trace: Trace = {
    faults,
    rejects: sum(({ conduct }) => conduct[LIAR]?.rejects ?? 0),
    cutOffs: sum(({ conduct }) => conduct[LIAR]?.cutOffs ?? 0),
    refusals: sum(({ refusals }) => refusals),
    viewsNullified: sum(({ viewsNullified }) => viewsNullified),
    fetches: asked.fetchBundles,
    histories: asked.bundles,
  };
  return { violations: watch.violations(), strikes: cluster.strikes().get(attack?.name ?? "") ?? 0, trace };
}

type Claim = { readonly says: string; readonly shows: (trace: Trace) => boolean };

const isUntouched = ({ faults, rejects, cutOffs, refusals, viewsNullified, fetches }: Trace) =>
  faults.size + rejects + cutOffs + refusals + viewsNullified + fetches === 0;
const accused = (fault: string) => (trace: Trace) => trace.faults.has(fault);
const rejected = ({ rejects }: Trace) => rejects > 0;
const refused = ({ refusals }: Trace) => refusals > 0;
const lostViews = ({ viewsNullified }: Trace) => viewsNullified > 0;

const CLAIMS: Readonly<Record<string, Claim>> = {
  "equivocating-leader": { says: "the two blocks of a view are evidence", shows: accused("two-proposals") },
  "unjust-leader": { says: "what A4 forbids is rejected, or waited for in vain", shows: lostViews },
  "equivocating-owner": { says: "two bundles of a number are evidence", shows: accused("two-bundles") },
  "selective-sender": { says: "views that it leads are lost, nothing else", shows: lostViews },
  "body-withholder": { says: "the bodies come from other signers", shows: ({ fetches }) => fetches > 0 },
  "vote-withholder": { says: "the others are a quorum and notice nothing", shows: isUntouched },
  "certificate-withholder": { says: "the others make them and notice nothing", shows: isUntouched },
  "certificate-forger": { says: "what it forges is rejected and counted", shows: rejected },
  "vote-replayer": { says: "what is not the sender's to say is rejected and counted", shows: rejected },
  "future-flooder": {
    says: "it contradicts itself, and what is kept of it is bounded",
    shows: accused("two-votes"),
  },
  "slow-sender": { says: "views that it leads are lost when it is too late", shows: lostViews },
  "double-voter": { says: "two votes of a kind in a view are evidence", shows: accused("two-votes") },
  falsifier: { says: "its false bundles are evidence, and none of its lies is final", shows: accused("false-bundle") },
  "false-prediction": { says: "its bundles are refused, and none of its lies is final", shows: refused },
  fuzzer: { says: "what it sends is rejected and counted", shows: rejected },
};

test("a site without an attacker shows nothing of the kind", async (t) => {
  const { violations, trace } = await besiege(null, 1);
  t.deepEqual(violations, []);
  t.true(isUntouched(trace));
});

const DANGEROUS_TO_WHO_COMES_BACK = new Set([
  "equivocating-owner",
  "body-withholder",
  "certificate-forger",
  "double-voter",
  "fuzzer",
]);

test("every attack has a claim", (t) => {
  t.deepEqual(attacks.map(({ name }) => name).toSorted(), Object.keys(CLAIMS).toSorted());
});

for (const attack of attacks) {
  const claim = CLAIMS[attack.name];
  test(`${attack.name}: ${claim?.says}, and nobody honest is harmed`, async (t) => {
    const traces: Trace[] = [];
    for (const seed of [1, 2]) {
      const { violations, strikes, trace } = await besiege(attack, seed);
      t.deepEqual(violations, [], `seed ${seed}`);
      t.true(strikes > 0, `in seed ${seed} it did nothing`);
      traces.push(trace);
    }
    t.true(
      traces.some((trace) => claim?.shows(trace)),
      JSON.stringify(traces),
    );
  });
}

for (const attack of attacks.filter(({ name }) => DANGEROUS_TO_WHO_COMES_BACK.has(name))) {
  test(`${attack.name} does not harm a gateway that comes back after long, either (L11)`, async (t) => {
    const { violations, strikes, trace } = await besiege(attack, 3, true);
    t.deepEqual(violations, []);
    t.true(strikes > 0 && trace.histories > 0, `${strikes} strikes, ${trace.histories} parts of history`);
  });
}

for (const [gateways, seeds] of [
  [4, [1, 2, 3, 4]],
  [7, [1, 2]],
] as const) {
  test(`f of ${gateways} under all attacks at once, with faults: all that the others accepted is final once, in one order`, async (t) => {
    for (const seed of seeds) {
      const { violations, strikes } = await simulate({ seed, gateways, attacks });
      t.deepEqual(violations, [], `seed ${seed}`);
      t.true(
        Object.values(strikes).some((count) => count > 0),
        `seed ${seed}: nobody attacked`,
      );
    }
  });
}

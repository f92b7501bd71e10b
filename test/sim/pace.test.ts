/** A11 measured: whole sites in virtual time, over networks from a switch to two oceans. */
import test from "ava";
import { measurePace, type Setting } from "./pace.ts";

const SITE = { gateways: 4, fsyncMs: 2, everyMs: 1200, down: null } as const;
const lossy = { share: 0.05, kind: "message" } as const;
const flat = (ms: number) => () => ms;
/** Two in a hall, one in the next town, one on another continent. */
const DISTANCES = [
  [0, 5, 40, 80],
  [5, 0, 40, 80],
  [40, 40, 0, 150],
  [80, 80, 150, 0],
];
const spread = (from: number, to: number) => DISTANCES[from]?.[to] ?? 0;

const settings: Readonly<Record<string, Partial<Setting>>> = {
  "0.2 ms, 5 % of messages lost": { oneWayMs: flat(0.2), lost: lossy },
  "from 5 to 150 ms, 5 % of messages lost": { oneWayMs: spread, lost: lossy },
  "300 ms, 5 % of messages lost": { oneWayMs: flat(300), lost: lossy },
  "300 ms, 5 % of packets lost, which TCP brings later": { oneWayMs: flat(300), lost: { share: 0.05, kind: "packet" } },
};
for (const [name, setting] of Object.entries(settings)) {
  test(`A11: with ${name}: fewer than one view in a hundred is lost to a wrong timer after a minute`, async (t) => {
    const { views, nullified } = await measurePace({ ...SITE, oneWayMs: flat(0), lost: lossy, ...setting }, 1);
    t.true(views >= 90, `${views} views`);
    t.true(nullified < views / 100, `${nullified} of ${views} views were nullified`);
  });
}

test("A11, A12: a gateway that is down costs its own views and little time", async (t) => {
  const lost = { share: 0, kind: "message" } as const;
  const { views, nullified, p50Ms, p99Ms } = await measurePace({ ...SITE, oneWayMs: flat(0.2), lost, down: 2 }, 1);
  t.true(Math.abs(nullified - views / 4) <= 1, `${nullified} of ${views} views were nullified`);
  t.true(p50Ms < 40 && p99Ms < 400, `p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
});

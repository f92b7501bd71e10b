import test from "ava";
import type { Signed } from "../../ledger/committee/index.ts";
import { sign } from "../../ledger/crypto/index.ts";
import {
  type ApprovedSite,
  approvalBytes,
  approvalsHold,
  faultOfSuccessor,
  type Lineage,
  lineageJson,
  lineageOf,
  parseLineage,
  type Site,
  siteOf,
  votersOf,
} from "../../ledger/management/index.ts";
import { fixedGateway, fixedKey, fixedSite, GATEWAYS } from "../vectors/site.ts";

const first = fixedSite();
type Gateway = Site["gateways"][number];
/** The same gateway after its disk was lost: every key is new. */
const renewed = (name: string): Gateway => fixedGateway(name, " again");

const follow = (site: Site, change: Partial<Pick<Site, "gateways" | "devices" | "ledgers" | "model">> = {}): Site => {
  const { configHash, format: _, ...rest } = site;
  return siteOf({ ...rest, epoch: site.epoch + 1, previous: configHash, ...change });
};
const replaced = (site: Site, name: string, change: Partial<Gateway>): Site["gateways"] =>
  site.gateways.map((gateway) => (gateway.name === name ? { ...gateway, ...change } : gateway));
const withoutDevices = { devices: [] };

const approvalOf = (site: Site, voter: number, successor: Site): Signed => ({
  voter,
  signature: sign(fixedKey(`${GATEWAYS[voter]} bundles`), approvalBytes(site, successor.configHash)),
});
const approved = (site: Site, successor: Site, voters: readonly number[] = [0, 1, 2]): ApprovedSite => ({
  site: successor,
  approvals: voters.map((voter) => approvalOf(site, voter, successor)),
});

test("G8: a successor has the next epoch and names the one it follows", (t) => {
  const next = follow(first, { model: { ...first.model, toleranceMilli: 7 } });
  t.is(faultOfSuccessor([first], next), null);
  const { configHash: _, format: __, ...draft } = next;
  t.regex(faultOfSuccessor([first], siteOf({ ...draft, epoch: 3 })) ?? "", /its epoch is 3; the next one is 2/);
  t.regex(
    faultOfSuccessor([first], siteOf({ ...draft, previous: "00".repeat(32) })) ?? "",
    /the configuration in force is/,
  );
  t.regex(faultOfSuccessor([first, next], next) ?? "", /the next one is 3/);
  t.regex(faultOfSuccessor([], next) ?? "", /names a previous one/);
});

test("G9: places never change: a gateway joins at the end, and one that leaves stays in the list", (t) => {
  t.is(faultOfSuccessor([first], follow(first, { gateways: [...first.gateways, fixedGateway("pier")] })), null);
  const left = follow(first, { ...withoutDevices, gateways: replaced(first, "south", { left: true }) });
  t.is(faultOfSuccessor([first], left), null);
  t.deepEqual(votersOf(left), [0, 2, 3]);
  const removed = follow(first, { ...withoutDevices, gateways: first.gateways.slice(1) });
  t.regex(faultOfSuccessor([first], removed) ?? "", /north must keep its place/);
  const swapped = follow(first, { gateways: first.gateways.toReversed() });
  t.regex(faultOfSuccessor([first], swapped) ?? "", /must keep its place/);
});

test("G9: a gateway that left has no devices, keeps its keys, and comes back with new ones only", (t) => {
  t.throws(() => follow(first, { gateways: replaced(first, "north", { left: true }) }), {
    message: /which is not among/,
  });
  const all = first.gateways.map((gateway) => ({ ...gateway, left: true as const }));
  t.throws(() => follow(first, { ...withoutDevices, gateways: all }), { message: /at least one must belong/ });
  const left = follow(first, { ...withoutDevices, gateways: replaced(first, "south", { left: true }) });
  const { left: _, ...back } = left.gateways[1] as Gateway;
  const again = (gateway: Gateway) => follow(left, { gateways: left.gateways.with(1, gateway) });
  t.regex(faultOfSuccessor([first, left], again(back)) ?? "", /south comes back with the key that it left with/);
  t.is(faultOfSuccessor([first, left], again(renewed("south"))), null);
  t.regex(faultOfSuccessor([first, left], again({ ...renewed("south"), left: true })) ?? "", /its keys must stay/);
});

test("G9: a new key was never in use before, by whomever and for whatever", (t) => {
  const changed = follow(first, { gateways: replaced(first, "south", renewed("south")) });
  t.is(faultOfSuccessor([first], changed), null);
  const old = first.gateways[1] as Gateway;
  const back = follow(changed, { gateways: replaced(changed, "south", { key: old.key }) });
  t.regex(faultOfSuccessor([first, changed], back) ?? "", /south gets a key that was in use before/);
  const joiner = { ...fixedGateway("pier"), tlsPin: old.tlsPin };
  t.regex(
    faultOfSuccessor([first, changed], follow(changed, { gateways: [...changed.gateways, joiner] })) ?? "",
    /pier joins with/,
  );
});

test("G10: a quorum of those in force approves, each once, of this very successor", (t) => {
  const next = follow(first);
  const by = (voters: readonly number[]) => approved(first, next, voters).approvals;
  t.true(approvalsHold(first, next.configHash, by([0, 1, 2])));
  t.false(approvalsHold(first, next.configHash, by([0, 1])));
  t.false(approvalsHold(first, next.configHash, [...by([0, 1]), ...by([1])]));
  t.false(approvalsHold(first, first.configHash, by([0, 1, 2])));
  t.false(approvalsHold(next, next.configHash, by([0, 1, 2])));
  const smaller = follow(first, { ...withoutDevices, gateways: replaced(first, "south", { left: true }) });
  const after = follow(smaller);
  t.true(approvalsHold(smaller, after.configHash, approved(smaller, after, [0, 2]).approvals));
  t.false(approvalsHold(smaller, after.configHash, approved(smaller, after, [0, 1]).approvals), "who left has no vote");
});

const second = approved(first, follow(first, { model: { ...first.model, toleranceMilli: 7 } }));
const third = approved(second.site, follow(second.site, { gateways: [...first.gateways, fixedGateway("pier")] }));
const lineage: Lineage = [...lineageOf(first), second, third];

test("G11: SITE.json with its history survives being written and read", (t) => {
  const read = (json: object) => parseLineage(JSON.parse(JSON.stringify(json)));
  t.deepEqual(read(lineageJson(lineage)), { kind: "accept", lineage });
  t.deepEqual(read(lineageJson(lineageOf(first))), { kind: "accept", lineage: lineageOf(first) });
  t.deepEqual(lineageJson(lineageOf(first)), { ...first }, "a site that never changed is the plain configuration");
});

test("G11: every step of a history is checked", (t) => {
  const reason = (entries: readonly ApprovedSite[]): string => {
    const parsed = parseLineage(lineageJson(entries as unknown as Lineage));
    return parsed.kind === "reject" ? parsed.reason : "accepted";
  };
  t.is(reason(lineage), "accepted");
  t.is(reason([third]), "accepted", "alone it speaks for its own epoch");
  t.regex(reason([...lineageOf(first), third]), /the next one is 2/);
  t.regex(
    reason([...lineageOf(first), { ...second, approvals: second.approvals.slice(1) }, third]),
    /^history\[1\]: no quorum/,
  );
  t.regex(reason([...lineageOf(first), second, { ...third, approvals: second.approvals }]), /^no quorum of epoch 2/);
  const { history: _, ...alone } = lineageJson(lineage) as { history: unknown };
  for (const history of [[], {}, "x", [null], [first, first]]) t.is(parseLineage({ ...alone, history }).kind, "reject");
  t.is(parseLineage(null).kind, "reject");
});

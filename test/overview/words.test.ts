import test from "ava";
import type { GatewayAnswer } from "../../gateway/overview/answer.ts";
import type { GatewayStatus } from "../../gateway/overview/status.ts";
import { alarmsOf, offencesOf, siteState } from "../../gateway/overview/words.ts";
import { statusOf } from "./fake-gateway.ts";

const NAMES = ["gw-1", "gw-2", "gw-3", "gw-4"];

const says = (name: string, changes: Partial<GatewayStatus> = {}): GatewayAnswer => ({
  kind: "answering",
  name,
  url: `http://${name}`,
  status: statusOf(name, NAMES, changes),
});

const away = (name: string): GatewayAnswer => ({
  kind: "gone",
  name,
  url: `http://${name}`,
  last: statusOf(name, NAMES),
  silentMs: 5000,
});

const noLinks = NAMES.map((gateway) => ({ gateway, connected: false, reason: "refused", cutOff: null }));

test("O5: when all answer and reach each other, they agree", (t) => {
  const state = siteState(NAMES.map((name) => says(name)));
  t.is(state.headline, "4 of 4 gateways agree");
  t.is(state.level, "agreed");
});

test("O5: with a quorum left, the one that is away is named and measurements still become final", (t) => {
  const state = siteState([says("gw-1"), away("gw-2"), says("gw-3"), says("gw-4")]);
  t.is(state.headline, "3 of 4: gw-2 is away; measurements still become final");
  t.is(state.level, "reduced");
});

test("O5: below a quorum nothing can become final and measurements are kept", (t) => {
  const state = siteState([says("gw-1"), away("gw-2"), says("gw-3"), away("gw-4")]);
  t.is(state.headline, "2 of 4: nothing can become final, measurements are kept");
  t.is(state.level, "stalled");
});

test("O5: a gateway that answers but reaches no quorum is cut off and does not count", (t) => {
  const state = siteState([says("gw-1"), says("gw-2", { peers: noLinks }), says("gw-3"), says("gw-4")]);
  t.is(state.headline, "3 of 4: gw-2 is cut off from the others; measurements still become final");
});

test("O5: four gateways that all run but reach nobody cannot make anything final", (t) => {
  const state = siteState(NAMES.map((name) => says(name, { peers: noLinks })));
  t.is(state.headline, "0 of 4: nothing can become final, measurements are kept");
});

test("O5: a link to itself does not bring a gateway closer to a quorum", (t) => {
  const self = [
    { gateway: "gw-1", connected: true, reason: null, cutOff: null },
    { gateway: "gw-2", connected: true, reason: null, cutOff: null },
  ];
  const state = siteState([says("gw-1", { peers: self }), says("gw-2"), says("gw-3"), says("gw-4")]);
  t.is(state.inTouch, 3);
});

test("O5: two of seven may be away, and both are named", (t) => {
  const names = Array.from({ length: 7 }, (_, index) => `gw-${index + 1}`);
  const answers = names.map(
    (name, index): GatewayAnswer =>
      index < 2 ? away(name) : { kind: "answering", name, url: "", status: statusOf(name, names) },
  );
  t.is(siteState(answers).headline, "5 of 7: gw-1 and gw-2 are away; measurements still become final");
});

test("O5: logs of one size with different roots go before everything else", (t) => {
  const state = siteState([says("gw-1"), says("gw-2", { logRoot: "b".repeat(64) }), says("gw-3"), away("gw-4")]);
  t.is(state.level, "alarm");
  t.regex(state.headline, /^gw-1 and gw-2 have different logs of 3 bundles/);
});

test("O5: logs of different sizes may have different roots", (t) => {
  const state = siteState([
    says("gw-1"),
    says("gw-2", { logSize: 4, logRoot: "b".repeat(64) }),
    says("gw-3"),
    says("gw-4"),
  ]);
  t.is(state.level, "agreed");
});

test("O5: a halted gateway is an alarm, not an absence", (t) => {
  const answers = [
    says("gw-1"),
    says("gw-2", { halted: "our root of size 3 differs from the quorum's" }),
    says("gw-3"),
    says("gw-4"),
  ];
  const state = siteState(answers);
  t.is(state.level, "alarm");
  t.is(state.headline, "3 of 4: gw-2 is halted; measurements still become final");
  t.deepEqual(alarmsOf(answers), ["gw-2 has halted: our root of size 3 differs from the quorum's"]);
});

test("O5: before the first answer the page says that it waits", (t) => {
  const state = siteState(NAMES.map((name) => ({ kind: "gone", name, url: "", last: null, silentMs: 1000 })));
  t.is(state.headline, "Waiting for the first answer of 4 gateways");
  t.is(state.level, "waiting");
});

test("O6: a refusal that several gateways report is said once, with all who refused", (t) => {
  const refusal = (by: string) => ({ refusals: [{ lane: "gw-3", number: 12, by, reason: "the frame says 12.43 kg" }] });
  const answers = [
    says("gw-1", refusal("gw-1")),
    says("gw-2", refusal("gw-2")),
    says("gw-3", refusal("gw-1")),
    says("gw-4"),
  ];
  t.deepEqual(alarmsOf(answers), ["gw-1 and gw-2 refused bundle 12 of gw-3: the frame says 12.43 kg"]);
});

test("O6: evidence goes before refusals and names who keeps the proof", (t) => {
  const answers = [
    says("gw-1", {
      refusals: [{ lane: "gw-2", number: 1, by: "gw-1", reason: "no such device" }],
      evidence: [offence("a")],
    }),
    says("gw-2"),
    says("gw-3", { evidence: [offence("b")] }),
    says("gw-4"),
  ];
  t.deepEqual(alarmsOf(answers), [
    "gw-2 signed two different bundles numbered 7; the signed proof is kept by gw-1 and gw-3",
    "gw-1 refused bundle 1 of gw-2: no such device",
  ]);
});

test("O10: an offence that several gateways can prove is said once, with a proof of each", (t) => {
  const answers = [
    says("gw-1", { evidence: [offence("a")] }),
    says("gw-2"),
    says("gw-3", { evidence: [offence("b")] }),
  ];
  t.deepEqual(offencesOf(answers), [
    {
      sentence: "gw-2 signed two different bundles numbered 7",
      proofs: [
        { gateway: "gw-1", url: `${urlOf(answers[0])}/v1/evidence/${"a".repeat(64)}` },
        { gateway: "gw-3", url: `${urlOf(answers[2])}/v1/evidence/${"b".repeat(64)}` },
      ],
    },
  ]);
});

/** Each gateway keeps the pair that it saw, under an id of its own. */
function offence(digit: string): GatewayStatus["evidence"][number] {
  const about = "signed two different bundles numbered 7";
  return { id: digit.repeat(64), fault: "two-bundles", gateway: "gw-2", about };
}

function urlOf(answer: GatewayAnswer | undefined): string {
  return answer?.url ?? "";
}

test("O6: a flood of refusals is counted, not listed", (t) => {
  const refusals = Array.from({ length: 40 }, (_, number) => ({
    lane: "gw-2",
    number,
    by: "gw-1",
    reason: "no such device",
  }));
  const alarms = alarmsOf([says("gw-1", { refusals }), says("gw-2"), says("gw-3"), says("gw-4")]);
  t.is(alarms.length, 13);
  t.is(alarms.at(-1), "and 28 more, in the status of the gateways");
});

test("O6: what is wrong with a device is an alarm in the words of its gateway", (t) => {
  const [device] = statusOf("gw-2", NAMES).devices;
  if (device === undefined) throw new Error("a gateway of these tests has a device");
  const lastError = "device scale-1 gave no valid answer for 3000 ms: check power, cable and protocol";
  const answers = [says("gw-1"), says("gw-2", { devices: [{ ...device, state: "silent", lastError }] })];
  t.deepEqual(alarmsOf(answers), [`gw-2: ${lastError}`]);
});

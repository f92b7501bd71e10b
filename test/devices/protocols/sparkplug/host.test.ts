import test from "ava";
import * as fc from "fast-check";
import { decodeFrame } from "../../../../devices/protocols/index.ts";
import {
  defaultHostTiming,
  type HostEffect,
  type HostState,
  startHost,
  stepHost,
} from "../../../../devices/protocols/sparkplug/index.ts";
import { encodePayload, type NodeMetric } from "../../../../firmware-sim/sparkplug-node/payload.ts";

const settings = {
  mass: "Mass",
  massUnit: "kg",
  massDecimals: 3,
  stable: "Stable",
  item: "Item",
  trigger: "Number",
};
const address = { group: "dock", node: "line-1", device: "scale" };
const AT = 1_732_190_000_000;
const { reorderMs, rebirthMs, graceMs } = defaultHostTiming;
const ALIAS = { Mass: 1, Stable: 2, Item: 3, Number: 4 } as const;

/** A host with one device, fed by an edge node that a test speaks for. */
class Conversation {
  state: HostState;
  effects: HostEffect[] = [];
  wakeAtMs: number | null = null;
  now = AT;
  seq = 0;

  constructor(more: Record<string, string | boolean> = {}) {
    this.state = startHost([{ id: "s1", address, settings: { ...settings, ...more } }]);
  }

  input(input: Parameters<typeof stepHost>[1]): readonly HostEffect[] {
    const step = stepHost(this.state, input);
    this.state = step.state;
    this.wakeAtMs = step.wakeAtMs;
    this.effects.push(...step.effects);
    return step.effects;
  }

  send(
    type: string,
    metrics: readonly NodeMetric[],
    seq: number | null,
    device: string | null = "scale",
  ): readonly HostEffect[] {
    const payload = encodePayload({ timestamp: this.now, ...(seq === null ? {} : { seq }), metrics });
    const topic = `spBv1.0/dock/${type}/line-1${device === null ? "" : `/${device}`}`;
    return this.input({ kind: "message", topic, payload, atMs: this.now });
  }

  next(type: string, metrics: readonly NodeMetric[], device: string | null = "scale"): readonly HostEffect[] {
    const effects = this.send(type, metrics, this.seq, device);
    this.seq = (this.seq + 1) % 256;
    return effects;
  }

  nodeBirth(bdSeq = 0): readonly HostEffect[] {
    this.seq = 0;
    return this.next("NBIRTH", [{ name: "bdSeq", type: "Int64", value: bdSeq }], null);
  }

  born(bdSeq = 0): this {
    this.nodeBirth(bdSeq);
    this.next("DBIRTH", [
      { name: "Mass", alias: ALIAS.Mass, type: "Double", value: 0.5 },
      { name: "Stable", alias: ALIAS.Stable, type: "Boolean", value: true },
      { name: "Item", alias: ALIAS.Item, type: "String", value: null },
      { name: "Number", alias: ALIAS.Number, type: "UInt64", value: 0 },
      { name: "Battery", alias: 9, type: "Float", value: 3.5 },
    ]);
    return this;
  }

  data(
    values: Partial<Record<keyof typeof ALIAS, number | string | boolean | null>>,
    seq?: number,
  ): readonly HostEffect[] {
    const metrics = this.metrics(values);
    return seq === undefined ? this.next("DDATA", metrics) : this.send("DDATA", metrics, seq);
  }

  /** By alias alone, as an edge node publishes data. */
  metrics(values: Partial<Record<keyof typeof ALIAS, number | string | boolean | null>>): readonly NodeMetric[] {
    const types = { Mass: "Double", Stable: "Boolean", Item: "String", Number: "UInt64" } as const;
    return Object.entries(values).map(([name, value]): NodeMetric => {
      const known = name as keyof typeof ALIAS;
      return { alias: ALIAS[known], type: types[known], withType: false, value };
    });
  }

  tick(afterMs: number): readonly HostEffect[] {
    this.now += afterMs;
    return this.input({ kind: "tick", atMs: this.now });
  }
}

const kinds = (effects: readonly HostEffect[]): readonly string[] => effects.map(({ kind }) => kind);
/** Item and grams of every weighing. */
const weighings = (effects: readonly HostEffect[], by: Record<string, string | number> = settings): readonly string[] =>
  effects.flatMap((effect) => {
    if (effect.kind !== "frame") return [];
    const decoded = decodeFrame("sparkplug", effect.frame, by);
    if (decoded.kind !== "quantities") return [JSON.stringify(decoded)];
    return [
      decoded.quantities
        .map((quantity) => {
          if (quantity.kind === "item") return quantity.item;
          return quantity.kind === "mass" ? `${quantity.value.mantissa}${quantity.stability}` : "";
        })
        .join(" "),
    ];
  });

test("SP7: data by alias becomes a frame that a peer reads with the frame and the settings alone", (t) => {
  const host = new Conversation().born();
  const effects = host.data({ Mass: 12.34, Stable: true, Item: "A", Number: 1 });
  t.deepEqual(weighings(effects), ["A 12340stable"]);
  const [effect] = effects;
  if (effect?.kind !== "frame") return t.fail();
  const sent = encodePayload({
    timestamp: AT,
    seq: 2,
    metrics: host.metrics({ Mass: 12.34, Stable: true, Item: "A", Number: 1 }),
  });
  t.is(
    Buffer.from(effect.frame).subarray(-sent.length).toString("hex"),
    Buffer.from(sent).toString("hex"),
    "the payload is in it as it came",
  );
  t.true(effect.frame.length <= 200, `${effect.frame.length} bytes`);
});

test("SP8: with a trigger, what did not change is of the weighing too, and nothing is a weighing without it", (t) => {
  const host = new Conversation().born();
  t.deepEqual(kinds(host.data({ Mass: 3, Item: "A" })), ["heard"], "no trigger");
  t.deepEqual(weighings(host.data({ Number: 1 })), ["A 3000stable"], "carried from data and birth");
  t.deepEqual(weighings(host.data({ Item: "B", Number: 2 })), ["B 3000stable"], "two of the same mass");
  t.deepEqual(weighings(host.data({ Mass: 4, Number: 3 })), ["B 4000stable"], "the same item again");
  t.deepEqual(weighings(host.data({ Mass: null, Number: 4 })), ["B"], "a mass that is null now is not the earlier one");
});

test("SP8: without a trigger a weighing is what one message says, and nothing is carried", (t) => {
  const { trigger: _, ...untriggered } = settings;
  const host = new Conversation();
  host.state = startHost([{ id: "s1", address, settings: untriggered }]);
  host.born();
  t.deepEqual(weighings(host.data({ Mass: 3, Stable: true, Item: "A" }), untriggered), ["A 3000stable"]);
  t.deepEqual(weighings(host.data({ Item: "B" }), untriggered), ["B"]);
  t.deepEqual(kinds(host.data({ Number: 7 })), ["heard"]);
});

test("SP8: what is told late carries nothing and is carried nowhere", (t) => {
  const host = new Conversation().born();
  host.data({ Mass: 5, Item: "A", Number: 1 });
  const late = (metrics: readonly NodeMetric[]) => metrics.map((metric) => ({ ...metric, historical: true }));
  t.deepEqual(weighings(host.next("DDATA", late(host.metrics({ Mass: 9, Stable: true, Item: "Z", Number: 2 })))), [
    "Z 9000stable",
  ]);
  t.deepEqual(weighings(host.next("DDATA", late(host.metrics({ Item: "Y", Number: 3 })))), ["Y"]);
  t.deepEqual(weighings(host.data({ Item: "B", Number: 4 })), ["B 5000stable"]);
});

test("SP13: messages out of order are put in order, and a filled gap asks nobody anything", (t) => {
  const host = new Conversation().born();
  const weigh = (index: number) => host.data({ Mass: index, Item: `I${index}`, Number: index }, index + 1);
  t.deepEqual(weigh(2), []);
  t.deepEqual(weigh(3), []);
  t.is(host.wakeAtMs, AT + reorderMs);
  t.deepEqual(weighings(weigh(1)), ["I1 1000stable", "I2 2000stable", "I3 3000stable"]);
  t.is(host.wakeAtMs, null);
  t.deepEqual(host.tick(reorderMs), []);
});

test("SP13: a gap that stays is passed: what is whole counts, nothing is carried over it, a rebirth is asked for", (t) => {
  const host = new Conversation().born();
  host.data({ Mass: 1, Item: "A", Number: 1 }, 2);
  host.data({ Mass: 3, Stable: true, Item: "C", Number: 3 }, 4);
  host.data({ Item: "D", Number: 4 }, 5);
  host.data({ Number: 9 }, 7);
  t.deepEqual(host.tick(reorderMs - 1), []);
  const effects = host.tick(1);
  t.deepEqual(weighings(effects), ["C 3000stable", "D 3000stable", "D 3000stable"]);
  t.deepEqual(effects.at(-1), { kind: "rebirth", to: { group: "dock", node: "line-1" } });
  const other = new Conversation().born();
  other.data({ Mass: 3, Item: "C" }, 2);
  other.data({ Item: "D", Number: 4 }, 4);
  t.deepEqual(weighings(other.tick(reorderMs)), ["D"], "the mass may have changed in what is missing");
});

test("SP13: the sequence goes from 255 to 0", (t) => {
  const host = new Conversation().born();
  for (let index = 0; index < 600; index += 1)
    t.deepEqual(weighings(host.data({ Item: `I${index}`, Number: index })), [`I${index} 500stable`]);
  t.is(host.wakeAtMs, null);
});

test("SP13: devices of the node that nobody registered take their places in the sequence", (t) => {
  const host = new Conversation().born();
  t.deepEqual(host.next("DBIRTH", [{ name: "T", type: "Float", value: 20 }], "thermometer"), []);
  t.deepEqual(host.next("DDATA", [{ name: "T", type: "Float", value: 21 }], "thermometer"), []);
  t.deepEqual(host.next("NDATA", [{ name: "Load", type: "Float", value: 0.5 }], null), []);
  t.deepEqual(weighings(host.data({ Item: "A", Number: 1 })), ["A 500stable"]);
});

test("SP13: more messages ahead of a gap than are kept end the waiting", (t) => {
  const host = new Conversation().born();
  const effects: HostEffect[] = [];
  for (let index = 0; index < 65; index += 1)
    effects.push(...host.data({ Item: `I${index}`, Mass: 1, Number: index }, (index + 3) % 256));
  t.is(weighings(effects).length, 65);
  t.is(effects.at(-1)?.kind, "rebirth");
});

test("SP14: whose birth was missed is asked for it, at most once in a while", (t) => {
  const host = new Conversation();
  const rebirth = { kind: "rebirth", to: { group: "dock", node: "line-1" } } as const;
  t.deepEqual(host.data({ Item: "A", Number: 1 }, 9), [rebirth]);
  t.deepEqual(host.data({ Item: "A", Number: 1 }, 10), []);
  host.now += rebirthMs;
  t.deepEqual(host.data({ Item: "A", Number: 1 }, 11), [rebirth]);
  host.nodeBirth();
  t.deepEqual(host.data({ Item: "A", Number: 1 }), [rebirth], "a node without the device's birth");
});

test("SP14: a metric that no birth defined asks for one, and the rest of the message counts", (t) => {
  const host = new Conversation().born();
  const metrics = [...host.metrics({ Item: "A", Number: 1 }), { alias: 77, type: "Float" as const, value: 1 }];
  const effects = host.next("DDATA", metrics);
  t.deepEqual(weighings(effects), ["A 500stable"]);
  t.is(effects.at(-1)?.kind, "rebirth");
});

test("SP14: who has not said its birth some time after a connection is asked for it", (t) => {
  const host = new Conversation();
  host.input({ kind: "connected", atMs: AT });
  t.is(host.wakeAtMs, AT + graceMs);
  t.deepEqual(kinds(host.tick(graceMs)), ["rebirth"]);
  t.is(host.wakeAtMs, null);
  const other = new Conversation();
  other.input({ kind: "connected", atMs: AT });
  other.born();
  t.deepEqual(other.tick(graceMs), []);
});

test("SP11, SP12: a death makes the devices stale; that of an earlier connection does not", (t) => {
  const host = new Conversation().born(7);
  const death = (bdSeq: number) => host.send("NDEATH", [{ name: "bdSeq", type: "Int64", value: bdSeq }], null, null);
  t.deepEqual(death(6), [], "the will of the connection before");
  t.deepEqual(weighings(host.data({ Item: "A", Number: 1 })), ["A 500stable"]);
  t.deepEqual(death(7), [{ kind: "stale", device: "s1", reason: "edge node dock/line-1 has died (NDEATH)" }]);
  t.deepEqual(kinds(host.data({ Item: "B", Number: 2 })), ["rebirth"], "after its death it has to be born again");
  t.deepEqual(kinds(host.born(8).data({ Item: "C", Number: 3 })), ["frame"]);
});

test("SP12: a device dies alone, and what it carried dies with it", (t) => {
  const host = new Conversation().born();
  host.data({ Mass: 9, Item: "A", Number: 1 });
  t.deepEqual(host.next("DDEATH", []), [
    { kind: "stale", device: "s1", reason: "edge node dock/line-1/scale has died (DDEATH)" },
  ]);
  t.deepEqual(kinds(host.data({ Item: "B", Number: 2 })), ["rebirth"]);
  host.born();
  t.deepEqual(weighings(host.data({ Item: "B", Number: 2 })), ["B 500stable"], "the mass of its new birth");
});

test("SP12: a lost connection makes everything stale", (t) => {
  const host = new Conversation().born();
  const reason = "the broker closed the connection";
  t.deepEqual(host.input({ kind: "disconnected", atMs: AT, reason }), [{ kind: "stale", device: "s1", reason }]);
  t.deepEqual(host.input({ kind: "gone", node: address, atMs: AT }), []);
});

test("SP1, SP10: what cannot be read or kept is refused with the reason, and the session goes on", (t) => {
  const host = new Conversation().born();
  const topic = "spBv1.0/dock/DDATA/line-1/scale";
  const [unreadable] = host.input({ kind: "message", topic, payload: Uint8Array.of(0x12, 0xff), atMs: AT });
  t.regex(unreadable?.kind === "refused" ? unreadable.reason : "", /^not a Sparkplug payload/);
  const [unnumbered] = host.send("DDATA", host.metrics({ Number: 1 }), null);
  t.is(unnumbered?.kind === "refused" ? unnumbered.reason : "", "the message has no sequence number");
  const notes = Array.from(
    { length: 30 },
    (_, index): NodeMetric => ({ name: `Note/${index}`, type: "String", value: "text ".repeat(4) }),
  );
  const [long] = host.next("DDATA", [...host.metrics({ Item: "A", Number: 1 }), ...notes]);
  t.regex(long?.kind === "refused" ? long.reason : "", /has \d+ bytes, and 512 can be kept/);
  t.deepEqual(weighings(host.data({ Item: "B", Number: 2 })), ["B 500stable"]);
});

test("SP2: other topics are nobody's", (t) => {
  const host = new Conversation().born();
  const payload = encodePayload({ timestamp: AT, seq: 2, metrics: [] });
  for (const topic of [
    "spBv1.0/dock/NCMD/line-1",
    "spBv1.0/dock/DCMD/line-1/scale",
    "spBv1.0/STATE/host",
    "spBv1.0/dock/DDATA/line-2/scale",
    "spBv1.0/dock/DDATA/line-1",
    "spBv1.0/dock/DDATA/line-1/scale/more",
    "spAv1.0/dock/DDATA/line-1/scale",
    "",
  ])
    t.deepEqual(host.input({ kind: "message", topic, payload, atMs: AT }), [], topic);
  t.deepEqual(weighings(host.data({ Item: "A", Number: 1 })), ["A 500stable"]);
});

test("SP2: without a device the metrics are the edge node's own, born with it and told by NDATA", (t) => {
  const host = new Conversation();
  const own = { mass: "Mass", massUnit: "kg", stable: true } as const;
  host.state = startHost([{ id: "n1", address: { ...address, device: null }, settings: own }]);
  host.seq = 0;
  t.deepEqual(host.next("NBIRTH", [{ name: "Mass", alias: 1, type: "Double", value: 0 }], null), [
    { kind: "born", device: "n1" },
  ]);
  t.deepEqual(host.next("DBIRTH", [{ name: "Mass", alias: 9, type: "Double", value: 7 }]), []);
  const [effect] = host.next("NDATA", [{ alias: 1, type: "Double", withType: false, value: 1.5 }], null);
  const shown = effect?.kind === "frame" ? decodeFrame("sparkplug", effect.frame, own) : null;
  t.like(shown, { quantities: { 0: { value: { mantissa: 15, exponent: -1 }, stability: "stable" } } });
  t.deepEqual(host.send("NDEATH", [], null, null), [
    { kind: "stale", device: "n1", reason: "edge node dock/line-1 has died (NDEATH)" },
  ]);
});

test("SP13: however messages of a session are shuffled within the window, the weighings are the same and in order", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.nat({ max: 7 }), { maxLength: 40 }), (count, swaps) => {
      const order = Array.from({ length: count }, (_, index) => index);
      for (const [index, by] of swaps.entries()) {
        const [a, b] = [index % count, Math.min(count - 1, (index % count) + by)];
        [order[a], order[b]] = [order[b] ?? 0, order[a] ?? 0];
      }
      const host = new Conversation().born();
      const effects = order.flatMap((index) =>
        host.data({ Item: `I${index}`, Mass: index + 1, Number: index }, (index + 2) % 256),
      );
      t.deepEqual(
        weighings(effects),
        Array.from({ length: count }, (_, index) => `I${index} ${index + 1}000stable`),
      );
    }),
    { numRuns: 200 },
  );
});

test("SP1: no message makes the host throw", (t) => {
  const type = fc.constantFrom("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA");
  const metric = fc.record({
    name: fc.constantFrom("Mass", "Stable", "Item", "Number", "bdSeq", "Other"),
    alias: fc.constantFrom(1, 2, 3, 4, 5),
    type: fc.constantFrom("Double" as const, "Int64" as const, "Boolean" as const),
    value: fc.constantFrom(0, 1, null),
  });
  const message = fc.record({
    type,
    seq: fc.option(fc.nat({ max: 8 })),
    metrics: fc.array(metric, { maxLength: 5 }),
    wait: fc.nat({ max: 3000 }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
      const host = new Conversation().born();
      for (const { type, seq, metrics, wait } of messages) {
        host.send(type, metrics, seq, type.startsWith("N") ? null : "scale");
        host.tick(wait);
      }
      t.is(host.effects[0]?.kind, "born");
    }),
    { numRuns: 300 },
  );
});

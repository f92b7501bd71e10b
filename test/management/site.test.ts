import test from "ava";
import fc from "fast-check";
import { faultsOf, originOf, parseSite, quorumOf, type Site, siteKeys, siteOf } from "../../ledger/management/index.ts";
import { configHashOf, formatVkey, verifierKey } from "../../ledger/management/index.ts";
import { fixedKey, fixedSite } from "../vectors/site.ts";

type Json = { [name: string]: unknown };

const site = fixedSite();
const copy = (): Json => JSON.parse(JSON.stringify(site)) as Json;

/** Replaces the value at a path like "devices.0.mass.maxKg"; undefined removes it. */
const set = (path: string, value: unknown) => (json: Json) => {
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  const target = steps.reduce<Json>((at, step) => at[step] as Json, json);
  if (Array.isArray(target) && value === undefined) target.splice(Number(last), 1);
  else if (value === undefined) delete target[last];
  else target[last] = value;
};

/** The edited configuration with a hash that fits it, so that only the edit can be refused. */
function edited(edit: (json: Json) => void): unknown {
  const json = copy();
  edit(json);
  try {
    return { ...json, configHash: configHashOf(json as unknown as Site) };
  } catch {
    return json;
  }
}

const reasonOf = (json: unknown): string => {
  const parsed = parseSite(json);
  return parsed.kind === "reject" ? parsed.reason : "accepted";
};

test("G1: two quorums share an honest gateway, and the honest ones alone are a quorum, for every committee to 500", (t) => {
  for (let gateways = 1; gateways <= 500; gateways += 1) {
    const faults = faultsOf(gateways);
    const quorum = quorumOf(gateways);
    t.true(3 * faults < gateways && 3 * (faults + 1) >= gateways);
    t.true(2 * quorum - gateways > faults, `overlap of ${gateways}`);
    t.true(gateways - faults >= quorum, `liveness of ${gateways}`);
    // No smaller number would do.
    t.false(2 * (quorum - 1) - gateways > faults);
  }
  t.deepEqual([1, 2, 3, 4, 5, 6, 7, 10].map(quorumOf), [1, 2, 2, 3, 4, 4, 5, 7]);
});

test("G2: the origin of a site's checkpoints", (t) => {
  t.is(originOf("harbour"), "tallystick/harbour");
});

test("G3: a site survives being written as JSON and read", (t) => {
  t.deepEqual(parseSite(copy()), { kind: "accept", site });
});

test("G5: the hash does not depend on the order of members, and depends on every value", (t) => {
  const { configHash, model, ...rest } = copy();
  t.like(parseSite({ model, configHash, ...rest }), { kind: "accept" });
  const hashes = new Set([site.configHash]);
  for (const edit of [
    set("epoch", 2),
    set("site", "harbours"),
    set("gateways.0.tlsPin", "00".repeat(32)),
    set("model.toleranceMilli", 2),
    set("devices.1", undefined),
    set("devices", [...site.devices].reverse()),
    set("devices.0.mass.maxKg", "60.0"),
  ]) {
    const json = copy();
    edit(json);
    hashes.add(configHashOf(json as unknown as Site));
    t.regex(reasonOf(json), /hashes to|must|named/);
  }
  t.is(hashes.size, 8);
});

test("G5: the hash of an edited file says what it should be", (t) => {
  const json = copy();
  json["epoch"] = 7;
  t.regex(reasonOf(json), /^configHash is [0-9a-f]{64}, but the rest of the file hashes to [0-9a-f]{64}: restore/);
});

const vkeyOf = (name: string, type: 1 | 4, seed: string): string =>
  formatVkey(verifierKey(name, type, fixedKey(seed).publicKey));
const REFUSED: readonly (readonly [string, (json: Json) => void, RegExp])[] = [
  ["another format", set("format", "tallystick-site/v2"), /^format must be tallystick-site\/v1\.$/],
  ["an unknown member", set("comment", "hello"), /^SITE\.json has comment.*remove it/],
  ["an unknown member deep inside", set("devices.0.mass.unit", "kg"), /^devices\[0\]\.mass has unit/],
  ["a missing member", set("gateways.1.tlsPin", undefined), /^gateways\[1\]\.tlsPin must/],
  ["a missing model", set("model", undefined), /^model is missing/],
  ["a site name with capitals", set("site", "Harbour"), /^site must be 1 to 32/],
  ["a negative epoch", set("epoch", -1), /^epoch must be a whole number/],
  ["a fractional epoch", set("epoch", 1.5), /^epoch must be a whole number/],
  ["no gateways", set("gateways", []), /^gateways must list at least one/],
  ["a gateway twice", set("gateways.1.name", "north"), /gateways\[1\]/],
  ["a key that is no verifier key", set("gateways.0.key", "abc"), /^gateways\[0\]\.key: the verifier key/],
  [
    "a key of the wrong type",
    set("gateways.0.key", vkeyOf("harbour/north", 4, "north bundles")),
    /gateways\[0\]\.key is a verifier key of type 4, not 1/,
  ],
  [
    "a checkpoint key of the wrong type",
    set("gateways.0.checkpointKey", vkeyOf("harbour/north", 1, "north checkpoints")),
    /of type 1, not 4/,
  ],
  [
    "a key under another name",
    set("gateways.0.key", vkeyOf("harbour/south", 1, "north bundles")),
    /named harbour\/south, not harbour\/north/,
  ],
  [
    "one key for both uses",
    set("gateways.0.checkpointKey", vkeyOf("harbour/north", 4, "north bundles")),
    /gateways\[0\]\.checkpointKey is the same as gateways\[0\]\.key/,
  ],
  [
    "one key for two gateways",
    set("gateways.1.key", vkeyOf("harbour/south", 1, "north bundles")),
    /gateways\[1\]\.key is the same as gateways\[0\]\.key/,
  ],
  [
    "a key of small order",
    set("ledgers.0.key", "x+00000000+BAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
    /ledgers\[0\]\.key.*small order/,
  ],
  [
    "a ledger key of type 01",
    set("ledgers.0.key", vkeyOf("notary", 1, "notary")),
    /ledgers\[0\]\.key is a verifier key of type 1/,
  ],
  [
    "a ledger that cosigns under a gateway's name",
    set("ledgers.0.key", vkeyOf("harbour/north", 4, "notary")),
    /ledgers\[0\]\.key is the same as/,
  ],
  ["an unknown kind of ledger", set("ledgers.0.kind", "paper"), /^ledgers\[0\]\.kind must be embedded/],
  ["a device of an unknown gateway", set("devices.0.gateway", "nowhere"), /devices\[0\]\.gateway is nowhere/],
  ["a device twice", set("devices.1.id", "scale-1"), /devices\[1\]\.id is the same as devices\[0\]\.id/],
  ["an unknown protocol", set("devices.0.protocol", "Tele pathy"), /^devices\[0\]\.protocol must be/],
  ["settings that are no object", set("devices.0.settings", []), /^devices\[0\]\.settings must be an object/],
  ["a setting with a fraction", set("devices.0.settings", { scale: 0.5 }), /settings\.scale must be a text of 1/],
  ["a setting of settings", set("devices.0.settings", { a: {} }), /settings\.a must be a text of 1/],
  ["an empty setting", set("devices.0.settings", { a: "" }), /settings\.a must be a text of 1/],
  ["a setting with a bad name", set("devices.0.settings", { "a b": 1 }), /settings\.a b must be/],
  [
    "33 settings",
    set("devices.0.settings", Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`s${index}`, index]))),
    /settings must be at most 32/,
  ],
  ["a device that measures nothing", set("devices.0.measures", []), /^devices\[0\]\.measures must name/],
  [
    "a device that measures something twice",
    set("devices.1.measures", ["item", "item"]),
    /devices\[1\]\.measures names something twice/,
  ],
  ["a scale without range", set("devices.0.mass", undefined), /devices\[0\]\.mass must be given exactly when/],
  [
    "a dimensioner with a mass range",
    set("devices.1.mass", { minKg: "0", maxKg: "1", divisionKg: "0.1" }),
    /devices\[1\]\.mass must be given exactly when/,
  ],
  ["a range upside down", set("devices.0.mass.minKg", "61"), /devices\[0\]\.mass must have minKg below maxKg/],
  ["a division of zero", set("devices.1.dimensions.divisionMm", "0"), /devices\[1\]\.dimensions must have/],
  [
    "a number where a decimal text belongs",
    set("devices.0.mass.maxKg", 60),
    /^devices\[0\]\.mass\.maxKg must be a decimal number as a text/,
  ],
  ["a decimal with an exponent", set("devices.0.mass.maxKg", "6e1"), /decimal number/],
  ["a decimal with a leading zero", set("devices.0.mass.maxKg", "060"), /decimal number/],
  [
    "a tolerance that is no whole number",
    set("model.toleranceMilli", 0.5),
    /^model\.toleranceMilli must be a whole number/,
  ],
  ["a digest in capitals", set("model.sha256", "AB".repeat(32)), /^model\.sha256 must be the 64 lower-case/],
];

for (const [name, edit, expected] of REFUSED) {
  test(`G4, G6, G7: refused with one sentence that says what and where: ${name}`, (t) => {
    const reason = reasonOf(edited(edit));
    t.regex(reason, expected);
    t.regex(reason, /^[^\n]+\.$/);
  });
}

test("G4: any JSON is answered", (t) => {
  fc.assert(fc.property(fc.jsonValue(), (json) => parseSite(json).kind === "reject"));
  for (const wrong of [undefined, null, [], "{}", 5]) t.is(parseSite(wrong).kind, "reject");
});

test("G12: settings of a device are part of what was agreed on", (t) => {
  const { format: _, configHash: __, ...draft } = site;
  const devices = (mass: string) =>
    draft.devices.map((device) => ({ ...device, settings: { mass, decimals: 3, stable: true } }));
  const one = siteOf({ ...draft, devices: devices("Weight/Net") });
  t.deepEqual(one.devices[0]?.settings, { mass: "Weight/Net", decimals: 3, stable: true });
  t.not(siteOf({ ...draft, devices: devices("Weight/Gross") }).configHash, one.configHash);
});

test("G5: a draft that would be refused throws what is wrong", (t) => {
  const { format: _, configHash: __, ...draft } = site;
  t.deepEqual(siteOf(draft), site);
  t.throws(() => siteOf({ ...draft, site: "X" }), { message: /site must be/ });
});

test("G6: the keys come in the order of the gateways", (t) => {
  const keys = siteKeys(site);
  t.deepEqual(
    keys.gateways.map(({ name, key, checkpointKey }) => [name, key.type, checkpointKey.type, key.name]),
    [
      ["north", 1, 4, "harbour/north"],
      ["south", 1, 4, "harbour/south"],
      ["east", 1, 4, "harbour/east"],
      ["west", 1, 4, "harbour/west"],
    ],
  );
  t.deepEqual(
    keys.ledgers.map(({ name }) => name),
    ["notary.example/log"],
  );
  t.is(siteKeys(site), keys);
});

test("G3: a site of one gateway and no devices or ledgers is a site", (t) => {
  const { format: _, configHash: __, ...draft } = fixedSite(["north"]);
  t.is(siteOf({ ...draft, devices: [], ledgers: [] }).gateways.length, 1);
});

import test from "ava";
import { decodeFrame } from "../../devices/protocols/index.ts";
import { faultOfProtocols } from "../../gateway/config/index.ts";
import {
  assess,
  type DimensionsMm,
  falsehood,
  judge,
  loadPredictor,
  type Prediction,
  recheck,
  shippedModelPath,
} from "../../gateway/assess/index.ts";
import type { Assessment, Decimal, Measurement, Statement } from "../../ledger/statement/index.ts";
import {
  ascii,
  beltMeasurement,
  deskMeasurement,
  dimensionerFrame,
  dockMeasurement,
  modelHash,
  parcel,
  scaleFrame,
  site,
} from "./site.ts";

const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: modelHash });
const check = recheck({ site, predictor, decodeFrame });
const GW1 = 0;
const GW2 = 1;

const stated = async (measurement: Measurement, number = 0): Promise<Statement> => ({
  number,
  measurement,
  assessment: await assess(predictor, measurement),
});

const honest = await stated(dockMeasurement(parcel), 17);

/** The honest statement 17 with something of the measurement changed, assessed anew as a forger would. */
const forged = async (change: Partial<Measurement>): Promise<Statement> =>
  stated({ ...honest.measurement, ...change }, 17);

const withFrames = (...frames: readonly (readonly [device: string, bytes: Uint8Array])[]): Partial<Measurement> => ({
  frames: frames.map(([device, bytes]) => ({ device, bytes })),
});
const scale = ["scale-1", scaleFrame(412)] as const;
const dimensioner = ["dim-1", dimensionerFrame(parcel.item, parcel.sidesMm)] as const;

test("R1-R10: what assess made of honest devices is accepted: wired, MQTT, API, flagged and outside the model's range", async (t) => {
  const tooHeavy = { ...parcel, centikilograms: 5000 };
  const tooLight = { ...parcel, centikilograms: 4 };
  const tiny = { ...parcel, sidesMm: [10, 10, 10] as const };
  const docked = await Promise.all(
    [parcel, tooHeavy, tooLight, tiny].map((item, number) => stated(dockMeasurement(item), number)),
  );
  t.deepEqual(
    docked.map(({ assessment }) => [assessment.verdict, ...assessment.reasons]),
    [["accept"], ["flag", "above-interval"], ["flag", "below-interval"], ["flag", "outside-model-range"]],
  );
  t.deepEqual(await check(GW1, docked), { kind: "accept" });
  t.deepEqual(await check(GW2, [await stated(beltMeasurement(parcel)), await stated(deskMeasurement(parcel), 1)]), {
    kind: "accept",
  });
});

test("R3: a tare in a frame and quantities that its device is not registered for are not compared", async (t) => {
  const tare = ["scale-1", ascii("TA A       0.50 kg\r\n")] as const;
  t.deepEqual(decodeFrame("mt-sics", tare[1]).kind, "quantities");
  const onlyTare = await check(GW1, [await forged(withFrames(tare, dimensioner))]);
  t.deepEqual(
    onlyTare,
    reject("statement 17: the frame of device scale-1 shows nothing that it is registered to measure"),
  );

  const weighsToo = ascii(new TextDecoder().decode(dimensioner[1]).replace("000000000;kg;1", "000009990;g;0"));
  const shown = decodeFrame("sick", weighsToo);
  t.deepEqual(shown.kind === "quantities" ? shown.quantities.map(({ kind }) => kind).sort() : [], [
    "dimensions",
    "item",
    "mass",
  ]);
  t.deepEqual(await check(GW1, [await forged(withFrames(scale, ["dim-1", weighsToo]))]), { kind: "accept" });
});

const reject = (reason: string): { kind: "reject"; reason: string } => ({ kind: "reject", reason });

/** Each changes one thing of the honest statement; the reason names it. */
const forgeries: readonly (readonly [claim: string, lane: number, change: Partial<Measurement>, reason: string])[] = [
  ["R1 an unknown lane", 2, {}, "lane 2 belongs to no gateway of site north"],
  ["R2 another gateway's devices", GW2, {}, "device scale-1 is not registered for this gateway"],
  [
    "R2 an unregistered device",
    0,
    withFrames(["scale-9", scale[1]], dimensioner),
    "device scale-9 is not registered for this gateway",
  ],
  [
    "R2 a device of another station",
    0,
    withFrames(["scale-2", scale[1]], dimensioner),
    "device scale-2 is registered for station dock-2, not for dock-1",
  ],
  ["R2 another station", 0, { station: "dock-2" }, "device scale-1 is registered for station dock-1, not for dock-2"],
  [
    "R2 frames of an API device",
    1,
    { station: "desk-1", ...withFrames(["api-1", scale[1]]) },
    "device api-1 speaks over the API, which has no raw frames",
  ],
  ["R3 an altered mass", 0, { mass: kg(413, -2) }, "mass is 4.13 kg, but the frame of device scale-1 shows 4.12 kg"],
  [
    "R3 an altered scale frame",
    0,
    withFrames(["scale-1", scaleFrame(411)], dimensioner),
    "mass is 4.12 kg, but the frame of device scale-1 shows 4.11 kg",
  ],
  [
    "R3 an invented digit",
    0,
    { mass: kg(4120, -3) },
    "mass is given with the resolution of 4.120 kg, but the frame of device scale-1 shows 4.12 kg",
  ],
  [
    "R3 a moving mass",
    0,
    withFrames(["scale-1", scaleFrame(412, "D")], dimensioner),
    "the mass in the frame of device scale-1 is not stable (motion)",
  ],
  [
    "R3 an altered dimension",
    0,
    { dimensions: { ...honest.measurement.dimensions, width: kg(305, -3) } },
    "width is 0.305 m, but the frame of device dim-1 shows 0.300 m",
  ],
  [
    "R3 swapped dimensions",
    0,
    { dimensions: { length: kg(300, -3), width: kg(400, -3), height: kg(200, -3) } },
    "length is 0.300 m, but the frame of device dim-1 shows 0.400 m",
  ],
  [
    "R3 another item",
    0,
    { item: "00340123450000000025" },
    'item is "00340123450000000025", but the frame of device dim-1 shows "00340123450000000018"',
  ],
  [
    "R3 a status frame",
    0,
    withFrames(["scale-1", ascii("S +\r\n")], dimensioner),
    "the frame of device scale-1 is a status (overload), not a measurement",
  ],
  [
    "R3 a contradicting second frame",
    0,
    withFrames(scale, dimensioner, ["scale-1", scaleFrame(999)]),
    "mass is 4.12 kg, but the frame of device scale-1 shows 9.99 kg",
  ],
  ["R4 no frames at all", 0, { frames: [] }, "no frame of a registered device of station dock-1 shows the mass"],
  ["R4 no dimensions", 0, withFrames(scale), "no frame of a registered device of station dock-1 shows the dimensions"],
  [
    "R4 an unknown station",
    0,
    { station: "dock-7", frames: [] },
    "station dock-7 has no device registered for this gateway",
  ],
  [
    "R5 a mass above the range",
    0,
    { mass: kg(6001, -2), ...withFrames(["scale-1", scaleFrame(6001)], dimensioner) },
    "mass 60.01 kg is outside 0.02 to 60 kg of device scale-1",
  ],
  [
    "R5 a mass below the range",
    0,
    { mass: kg(1, -2), ...withFrames(["scale-1", scaleFrame(1)], dimensioner) },
    "mass 0.01 kg is outside 0.02 to 60 kg of device scale-1",
  ],
  [
    "R5 an API dimension above the range",
    1,
    { station: "desk-1", frames: [], dimensions: { ...honest.measurement.dimensions, length: kg(1605, -3) } },
    "length 1.605 m is outside 0.010 to 1.600 m of device api-1",
  ],
  ["R5 an API mass of zero", 1, { station: "desk-1", frames: [], mass: kg(0, -2) }, "mass 0.00 kg is not above zero"],
  [
    "R6 another division",
    0,
    { division: kg(1, -3) },
    "division is 0.001 kg, but device scale-1 is registered with 0.010 kg",
  ],
  [
    "R6 a mass off the division",
    1,
    { station: "desk-1", frames: [], mass: kg(4125, -3) },
    "mass 4.125 kg is not a whole multiple of the division 0.010 kg of device api-1",
  ],
  [
    "R6 a dimension off the division",
    0,
    {
      dimensions: { ...honest.measurement.dimensions, height: kg(201, -3) },
      ...withFrames(scale, ["dim-1", dimensionerFrame(parcel.item, [400, 300, 201])]),
    },
    "height 0.201 m is not a whole multiple of the division 0.005 m of device dim-1",
  ],
];

for (const [claim, lane, change, reason] of forgeries) {
  test(`${claim} is refused by name`, async (t) => {
    const statement = await forged(change);
    const sentence = reason.startsWith("lane ") ? reason : `statement 17: ${reason}`;
    t.deepEqual(await check(lane, [statement]), reject(sentence));
  });
}

test("R3: a frame of another protocol is refused with what its decoder says", async (t) => {
  const verdict = await check(0, [await forged(withFrames(["scale-1", dimensioner[1]], dimensioner))]);
  t.regex(
    verdict.kind === "reject" ? verdict.reason : "",
    /^statement 17: the frame of device scale-1 is not mt-sics: /,
  );
});

const { predictedGrams, lowGrams, highGrams } = honest.assessment;

/** Each changes one thing of the honest assessment, the verdict included only when it says so. */
const falseAssessments: readonly (readonly [claim: string, change: Partial<Assessment>, reason: string])[] = [
  ["R7 another model", { model: "1".repeat(64) }, `model is ${"1".repeat(64)}, but site north agreed on ${modelHash}`],
  [
    "R8 a prediction beyond the tolerance",
    { predictedGrams: predictedGrams + 40 },
    `predicted is ${predictedGrams + 40} g, but this gateway's model gives ${predictedGrams} g, further apart than 5 thousandths and 1 g`,
  ],
  [
    "R8 a lowered low",
    { lowGrams: lowGrams - 20 },
    `low is ${lowGrams - 20} g, but this gateway's model gives ${lowGrams} g, further apart than 5 thousandths and 1 g`,
  ],
  [
    "R8 a raised high",
    { highGrams: highGrams + 200 },
    `high is ${highGrams + 200} g, but this gateway's model gives ${highGrams} g, further apart than 5 thousandths and 1 g`,
  ],
  [
    "R9 a withheld prediction",
    { predictedGrams: 0, lowGrams: 0, highGrams: 0, verdict: "flag", reasons: ["outside-model-range"] },
    `no prediction is given, but the model predicts ${predictedGrams} g`,
  ],
  [
    "R9 figures out of order",
    { lowGrams: predictedGrams + 1 },
    `predicted ${predictedGrams} g is not from low ${predictedGrams + 1} g to high ${highGrams} g`,
  ],
  [
    "R10 a wrong flag",
    { verdict: "flag", reasons: ["below-interval"] },
    "verdict is flag, but the policy says accept none",
  ],
  ["R10 an invented reason", { reasons: ["fragile"] }, "reasons are fragile, but the policy gives none"],
];

for (const [claim, change, reason] of falseAssessments) {
  test(`${claim} is refused by name`, async (t) => {
    const statement = { ...honest, assessment: { ...honest.assessment, ...change } };
    t.deepEqual(await check(0, [statement]), reject(`statement 17: ${reason}`));
  });
}

test("R9: a guess for a size that the model does not know is refused", async (t) => {
  const unknown = await stated(dockMeasurement({ ...parcel, sidesMm: [10, 10, 10] }), 3);
  const guessed: Assessment = {
    ...unknown.assessment,
    predictedGrams: 400,
    lowGrams: 100,
    highGrams: 900,
    verdict: "accept",
    reasons: [],
  };
  t.deepEqual(
    await check(0, [{ ...unknown, assessment: guessed }]),
    reject("statement 3: predicted is 400 g, but the model does not know parcels of this size"),
  );
});

test("R10: an accept of what the policy flags is refused", async (t) => {
  const heavy = await stated(dockMeasurement({ ...parcel, centikilograms: 5000 }), 5);
  t.deepEqual(
    await check(0, [{ ...heavy, assessment: { ...heavy.assessment, verdict: "accept", reasons: [] } }]),
    reject("statement 5: verdict is accept, but the policy says flag above-interval"),
  );
});

test("R8: figures of a machine whose sums differ by the tolerance are accepted, one gram more is not", async (t) => {
  // 5 thousandths of 1221 g are 6.1 g, of 4 g less than 1 g.
  const model = { sha256: modelHash, toleranceMilli: 5 };
  const own: Prediction = { kind: "interval", low: 4, grams: 1221, high: 15_411 };
  const peer = recheck({ site: { ...site, model }, predictor: answering(own), decodeFrame });
  const verdictOn = async (low: number, grams: number, high: number): Promise<string> => {
    const figures = { lowGrams: low, predictedGrams: grams, highGrams: high };
    const assessment = { model: modelHash, ...figures, ...judge(honest.measurement.mass, figures) };
    return (await peer(0, [{ ...honest, assessment }])).kind;
  };
  t.is(await verdictOn(5, 1227, 15_488), "accept");
  t.is(await verdictOn(3, 1215, 15_334), "accept");
  t.is(await verdictOn(6, 1221, 15_411), "reject");
  t.is(await verdictOn(4, 1228, 15_411), "reject");
  t.is(await verdictOn(4, 1221, 15_489), "reject");
});

test("the first false statement of a bundle is named, and one prediction call serves the whole bundle", async (t) => {
  const asked: number[] = [];
  const counting = recheck({
    site,
    decodeFrame,
    predictor: {
      ...predictor,
      predict: (batch: readonly DimensionsMm[]) => {
        asked.push(batch.length);
        return predictor.predict(batch);
      },
    },
  });
  const bundle = await Promise.all([0, 1, 2, 3].map((number) => stated(dockMeasurement(parcel), number)));
  t.deepEqual(await counting(0, bundle), { kind: "accept" });
  t.deepEqual(asked, [4]);
  const spoilt = bundle.map((statement) =>
    statement.number < 2 ? statement : { ...statement, measurement: { ...statement.measurement, mass: kg(1, -2) } },
  );
  t.deepEqual(
    await counting(0, spoilt),
    reject("statement 2: mass is 0.01 kg, but the frame of device scale-1 shows 4.12 kg"),
  );
  t.deepEqual(asked, [4], "nothing is predicted for a bundle that is wrong anyway");
});

test("R1-R7, R10: what is false without the model is told from what only the model doubts, and is always refused, too", async (t) => {
  const rules = falsehood(decodeFrame);
  const lieOf = (lane: number, statement: Statement) => rules(lane, statement, site);
  const { measurement, assessment } = honest;
  const figures = { lowGrams: 1, predictedGrams: 2, highGrams: 3 };
  const doubtful = { ...honest, assessment: { ...assessment, ...figures, ...judge(measurement.mass, figures) } };
  t.is(lieOf(0, honest), null);
  t.is(lieOf(0, doubtful), null, "R8 needs the model");
  t.is((await check(0, [doubtful])).kind, "reject");
  const lies = [
    { lane: 9, statement: honest },
    { lane: 1, statement: honest },
    { lane: 0, statement: { ...honest, measurement: { ...measurement, mass: kg(413, -2) } } },
    { lane: 0, statement: { ...honest, measurement: { ...measurement, item: "another" } } },
    { lane: 0, statement: { ...honest, assessment: { ...assessment, model: "2".repeat(64) } } },
    { lane: 0, statement: { ...honest, assessment: { ...assessment, verdict: "flag", reasons: [] } } },
  ] as const;
  for (const { lane, statement } of lies) {
    t.not(lieOf(lane, statement), null);
    t.is((await check(lane, [statement])).kind, "reject");
  }
  const later = { ...site, epoch: 1, devices: site.devices.filter(({ id }) => id !== "scale-1") };
  t.is(rules(0, honest, later), "device scale-1 is not registered for this gateway", "each epoch has its own devices");
  t.is(rules(0, honest, site), null);
});

test("R3, PT1: a scale that the site describes by a pattern is read by every peer as it was agreed on", async (t) => {
  const settings = {
    line: "W(?<stability>[SM])(?<value>[ \\d]{5})",
    decimals: 2,
    unit: "kg",
    stable: "S",
    moving: "M",
  };
  const sites = (given: typeof settings) => ({
    ...site,
    devices: site.devices.map((device) =>
      device.id === "scale-1" ? { ...device, protocol: "pattern", settings: given } : device,
    ),
  });
  const described = sites(settings);
  const peer = recheck({ site: described, predictor, decodeFrame });
  const weighed = async (line: string) => forged(withFrames(["scale-1", ascii(line)], dimensioner));
  t.deepEqual(await peer(GW1, [await weighed("WS  412\r\n")]), { kind: "accept" });
  t.deepEqual(
    await peer(GW1, [await weighed("WS  413\r\n")]),
    reject("statement 17: mass is 4.12 kg, but the frame of device scale-1 shows 4.13 kg"),
  );
  t.deepEqual(
    await peer(GW1, [await weighed("WM  412\r\n")]),
    reject("statement 17: the mass in the frame of device scale-1 is not stable (motion)"),
  );
  t.deepEqual(
    await peer(GW1, [await weighed("S S       4.12 kg\r\n")]),
    reject("statement 17: the frame of device scale-1 is not pattern: the line does not fit the pattern"),
  );
  t.is(faultOfProtocols(described), null);
  t.regex(
    faultOfProtocols(sites({ ...settings, line: "(?:\\d+)+(?<value>\\d)" })) ?? "",
    /^has settings at devices\[0\] that cannot be used: "line" repeats something that holds a repetition/,
  );
});

test("C7: frames that this version cannot read prove no lie, and nobody agrees to a configuration with them", (t) => {
  const devices = site.devices.map((device) =>
    device.id === "scale-1" ? { ...device, protocol: "mt-sics-4" } : device,
  );
  const ahead = { ...site, epoch: 1, devices };
  t.is(falsehood(decodeFrame)(0, honest, ahead), null);
  t.regex(faultOfProtocols(ahead) ?? "", /^has the protocol "mt-sics-4" at devices\[\d\], .* update this gateway$/);
  t.is(faultOfProtocols(site), null);
});

test("W7: when the model cannot be run there is no verdict", async (t) => {
  const broken = recheck({
    site,
    decodeFrame,
    predictor: { ...predictor, predict: () => Promise.reject(new Error("engine stopped")) },
  });
  await t.throwsAsync(broken(0, [honest]), { message: "engine stopped" });
});

test("R7: a gateway whose own model is not the site's cannot re-check anything", (t) => {
  const other = { ...site, model: { ...site.model, sha256: "2".repeat(64) } };
  t.throws(() => recheck({ site: other, predictor, decodeFrame }), { code: "MODEL_NOT_OF_SITE" });
});

test.after.always(() => predictor.close());

function kg(mantissa: number, exponent: number): Decimal {
  return { mantissa, exponent };
}

function answering(prediction: Prediction): typeof predictor {
  return { ...predictor, predict: (batch) => Promise.resolve(batch.map(() => prediction)) };
}

import test from "ava";
import { decodeFrame } from "../../devices/index.ts";
import { loadPredictor, patient, recheck, shippedModelPath } from "../../gateway/assess/index.ts";
import { makeAcceptor } from "../../gateway/runtime/acceptor.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import { dockMeasurement, parcel, site } from "../assess/site.ts";

const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: site.model.sha256 });
test.after.always(() => predictor.close());

function acceptor(alter = (draft: Parameters<Parameters<typeof makeAcceptor>[0]["alter"]>[0]) => draft) {
  const accepted: Measurement[] = [];
  const accept = makeAcceptor({
    alter,
    self: 0,
    rules: { of: async (of) => ({ predictor, check: patient(recheck({ site: of, predictor, decodeFrame })) }) },
    replica: {
      lineage: () => [{ site, approvals: [] }],
      accept: async ({ measurement }) => {
        accepted.push(measurement);
        return { number: 7 };
      },
    },
  });
  return { accepted, accept: (measurement: Measurement) => accept(measurement, () => []) };
}

test("I8: what the peers accept is accepted", async (t) => {
  const { accept, accepted } = acceptor();
  t.deepEqual(await accept(dockMeasurement(parcel)), { number: 7 });
  t.is(accepted.length, 1);
});

test("I8: what every peer would refuse, or the format cannot say, is refused before it is signed", async (t) => {
  const { accept, accepted } = acceptor();
  const good = dockMeasurement(parcel);
  const refused = { code: "REFUSED", instanceOf: Error };
  const other = { ...good, mass: { mantissa: good.mass.mantissa + 1, exponent: good.mass.exponent } };
  const error = await t.throwsAsync(accept(other), refused);
  t.regex(error?.message ?? "", /frame of device scale-1 shows/);
  t.notRegex(error?.message ?? "", /statement 0/i);
  const fine = { mantissa: 10 ** 15, exponent: -19 };
  const unsayable = await t.throwsAsync(accept({ ...good, mass: fine }), refused);
  t.regex(unsayable?.message ?? "", /exponent -19/);
  await t.throwsAsync(accept({ ...good, station: "dock-9" }), refused);
  t.is(accepted.length, 0);
});

test("I8: the gateway checks what it believes, not what a liar's test makes of it", async (t) => {
  const { accept, accepted } = acceptor((draft) => ({
    ...draft,
    measurement: { ...draft.measurement, item: "another" },
  }));
  await accept(dockMeasurement(parcel));
  t.is(accepted[0]?.item, "another");
});

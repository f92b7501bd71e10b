import test from "ava";
import * as fc from "fast-check";
import { packBundles, packStatements, unpackBundles, unpackStatements } from "../../ledger/bundle/index.ts";

const bytes = fc.uint8Array({ maxLength: 40 });
const bundle = fc.record({ cose: bytes, statements: fc.array(bytes, { maxLength: 6 }) });

function pack(bundles: readonly { readonly cose: Uint8Array; readonly statements: readonly Uint8Array[] }[]) {
  return packBundles(bundles.map(({ cose, statements }) => ({ cose, body: packStatements(statements) })));
}

test("B7: bundles come out of a pack as they went in", (t) => {
  fc.assert(
    fc.property(fc.array(bundle, { maxLength: 5 }), (bundles) => {
      const found = unpackBundles(pack(bundles));
      t.deepEqual(
        found.map(({ cose, statements }) => [[...cose], statements.map((one) => [...one])]),
        bundles.map(({ cose, statements }) => [[...cose], statements.map((one) => [...one])]),
      );
    }),
  );
});

test("B7: every byte string is a pack or a RangeError, and a pack has one form", (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.array(bundle, { maxLength: 3 }).map(pack)), (packed) => {
      let found: ReturnType<typeof unpackBundles>;
      try {
        found = unpackBundles(packed);
      } catch (error) {
        return t.true(error instanceof RangeError);
      }
      t.deepEqual([...pack(found)], [...packed]);
    }),
  );
  for (const broken of [[], [0, 0, 0, 1], [0, 0, 0, 0, 7], [0, 0, 0, 1, 255, 255, 255, 255]])
    t.throws(() => unpackStatements(Uint8Array.from(broken)), { instanceOf: RangeError });
});

import { generateKey, sign } from "../../ledger/crypto/index.ts";
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import { encodeStatement, type Statement } from "../../ledger/statement/index.ts";
import type { Execution, Tip } from "../../ledger/execution/index.ts";
import type { Store, Write } from "../../ledger/store/port.ts";

export const LANES = 4;
export const NO_PARENT = "0".repeat(64);

const key = generateKey();

export function statement(lane: number, number: number, grams: number, item = `item-${number}`): Statement {
  return {
    number,
    measurement: {
      station: `station-${lane}`,
      item,
      at: 1_700_000_000_000 + number * 1000,
      mass: { mantissa: grams, exponent: -3 },
      division: { mantissa: 5, exponent: -3 },
      dimensions: {
        length: { mantissa: 300, exponent: -3 },
        width: { mantissa: 200, exponent: -3 },
        height: { mantissa: 100, exponent: -3 },
      },
      frames: [{ device: `scale-${lane}`, bytes: new TextEncoder().encode(`S S ${grams} g\r\n`) }],
    },
    assessment: {
      model: "ab".repeat(32),
      predictedGrams: grams,
      lowGrams: grams - 10,
      highGrams: grams + 10,
      verdict: grams % 7 === 0 ? "flag" : "accept",
      reasons: grams % 7 === 0 ? ["above-interval"] : [],
    },
  };
}

/** `bundles` consecutive bundles of a lane with `perBundle` statements each, as they would be certified. */
export function laneOf(lane: number, bundles: number, perBundle: number, grams = 1000): Bundle[] {
  const made: Bundle[] = [];
  for (let number = 0; number < bundles; number += 1)
    made.push(nextBundle(lane, made.at(-1) ?? null, perBundle, grams));
  return made;
}

export function nextBundle(lane: number, parent: Bundle | null, count: number, grams = 1000): Bundle {
  const first = parent === null ? 0 : parent.header.first + parent.header.count;
  const statements = Array.from({ length: count }, (_, offset) =>
    encodeStatement(statement(lane, first + offset, grams + first + offset)),
  );
  return sealBundle(
    {
      site: "test-site",
      gateway: `gateway-${lane}`,
      epoch: 1,
      configHash: "cd".repeat(32),
      number: parent === null ? 0 : parent.header.number + 1,
      parent: parent?.hash ?? NO_PARENT,
      first,
      count,
      created: 1_700_000_000_000,
    },
    statements,
    new Uint8Array(8),
    (message) => sign(key, message),
  );
}

export function bundleWrite(lane: number, { header, hash, cose, statements }: Bundle): Write {
  return { kind: "bundle", lane, number: header.number, hash, cose, statements, first: header.first };
}

/** The cut whose tips are the last of the given lanes. */
export function cutOf(lanes: readonly (readonly Bundle[])[]): { readonly number: number; readonly hash: string }[] {
  return lanes.map((lane) => {
    const last = lane.at(-1);
    return last === undefined ? { number: -1, hash: NO_PARENT } : { number: last.header.number, hash: last.hash };
  });
}

/** The outcome of one block. */
export async function executeOne(store: Store, view: number, tips: readonly Tip[]): Promise<Execution> {
  const [execution] = await store.execute([{ view, tips }]);
  if (execution === undefined) throw new Error("a block was not answered for");
  return execution;
}

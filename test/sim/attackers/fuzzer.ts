/** Sends what no program meant: true messages with something changed in them, random values, nesting, lengths and ends that lie. */
import { type CborValue, decode, encode } from "../../../ledger/cbor/index.ts";
import type { Random } from "../random.ts";
import { type Attack, othersOf, repeatedly, strike } from "./attack.ts";

const EVERY_MS = 40;
const KEPT = 64;

export const fuzzer: Attack = {
  name: "fuzzer",
  begin: (context) => {
    const { random } = context;
    const seen: Uint8Array[] = [encode(["vote"])];
    const see = (bytes: Uint8Array) => {
      if (seen.length >= KEPT) seen.splice(random.below(KEPT), 1);
      seen.push(bytes);
    };
    repeatedly(context, EVERY_MS, () => {
      strike(context, "fuzzer");
      context.send(random.pick(othersOf(context)), mangled(random, random.pick(seen)));
    });
    return {
      outgoing: (to, bytes) => {
        see(bytes);
        return [{ to, bytes }];
      },
      incoming: (_from, bytes) => {
        see(bytes);
        return true;
      },
    };
  },
};

/** Also what the tests of the decoders feed on. */
export function mangled(random: Random, bytes: Uint8Array): Uint8Array {
  switch (random.below(8)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length + 1));
    case 1:
      return bytes.map((byte) => (random.chance(2 / bytes.length) ? byte ^ (1 << random.below(8)) : byte));
    case 2:
      return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
    case 3:
      return nested(random.pick([15, 17, 1000, 50_000]), random.pick([0x81, 0xa1, 0xc1, 0xd8]));
    case 4:
      return lying(random, bytes);
    default:
      return restructured(random, bytes);
  }
}

function nested(depth: number, head: number): Uint8Array {
  return new Uint8Array(depth + 1).fill(head, 0, depth);
}

/** A head that promises more than there is, put in front of or into the message. */
function lying(random: Random, bytes: Uint8Array): Uint8Array {
  const major = random.pick([0x40, 0x60, 0x80, 0xa0]);
  const length = random.pick([
    [0x1a, 0xff, 0xff, 0xff, 0xff],
    [0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
    [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    [0x19, 0xff, 0xff],
    [0x1f],
  ]);
  const [head = 0, ...rest] = length;
  const at = random.below(bytes.length + 1);
  return Uint8Array.from([...bytes.slice(0, at), major | head, ...rest, ...bytes.slice(at)]);
}

/** The message with one of its values changed for another that the format can express: near enough to get far. */
function restructured(random: Random, bytes: Uint8Array): Uint8Array {
  const decoded = decode(bytes);
  if (decoded.kind === "reject") return bytes;
  try {
    return encode(altered(random, decoded.value, 0));
  } catch {
    // What the encoder refuses was deeper than any message.
    return bytes;
  }
}

const MAX_ALTERED_DEPTH = 8;

function altered(random: Random, value: CborValue, depth: number): CborValue {
  const goesDeeper = depth < MAX_ALTERED_DEPTH && random.chance(0.8);
  if (Array.isArray(value) && value.length > 0 && goesDeeper) {
    const at = random.below(value.length);
    return value.map((item: CborValue, index) => (index === at ? altered(random, item, depth + 1) : item));
  }
  if (Array.isArray(value)) return random.pick([value.slice(1), [...value, ...value], [...value, value], []]);
  if (typeof value === "number")
    return random.pick([value + 1, Math.max(0, value - 1), 0, -1, Number.MAX_SAFE_INTEGER, 499, 500, 2 ** 32]);
  if (value instanceof Uint8Array)
    return random.pick([
      value.slice(1),
      new Uint8Array([...value, 0]),
      value.map((byte) => byte ^ 1),
      new Uint8Array(5000),
    ]);
  return random.pick<CborValue>([
    null,
    true,
    0,
    "",
    "nullify",
    "finalize",
    "é".repeat(300),
    [],
    new Map(),
    new Uint8Array(32),
    value,
  ]);
}

import { createHash } from "node:crypto";
import { ed25519 } from "@noble/curves/ed25519.js";
import test from "ava";
import fc from "fast-check";
import {
  admitKey,
  exportPemKey,
  fromHex,
  generateKey,
  importPemKey,
  importRawKey,
  keyIdOf,
  type PublicKey,
  sha256,
  sign,
  toHex,
  verify,
} from "../../ledger/crypto/index.ts";

const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();

function admitted(raw: Uint8Array): PublicKey {
  const admission = admitKey(raw);
  if (admission.kind === "reject") throw new Error(admission.reason);
  return admission.key;
}

/** RFC 8032 section 7.1, tests 1 to 3. */
const RFC8032 = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
] as const;

test("Y2: RFC 8032 section 7.1 vectors sign to the same bytes and verify", (t) => {
  for (const vector of RFC8032) {
    const key = importRawKey(bytesOf(vector.seed));
    t.is(key.publicKey.hex, vector.key);
    t.is(toHex(sign(key, bytesOf(vector.message))), vector.signature);
    t.true(verify(admitted(bytesOf(vector.key)), bytesOf(vector.message), bytesOf(vector.signature)));
  }
});

/** The seven spellings of y of the eight points of small order; the sign bit makes fourteen. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].flatMap((hex) => {
  const signed = bytesOf(hex);
  signed[31] = (signed[31] ?? 0) | 0x80;
  return [bytesOf(hex), signed];
});

test("Y1: no key of small order is admitted, in any spelling", (t) => {
  for (const raw of SMALL_ORDER) t.is(admitKey(raw).kind, "reject", toHex(raw));
});

test("Y1: a key with a torsion component is refused, whichever of the seven it is", (t) => {
  const torsion = ed25519.Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const honest = ed25519.Point.fromBytes(generateKey().publicKey.raw);
  for (let times = 1; times < 8; times += 1) {
    const mixed = honest.add(torsion.multiplyUnsafe(BigInt(times)));
    const admission = admitKey(mixed.toBytes());
    t.is(admission.kind, "reject");
    t.regex(admission.kind === "reject" ? admission.reason : "", /torsion/);
  }
});

test("Y1: a non-canonical spelling of a field element is refused", (t) => {
  // y = p + 2 .. p + 18 are the other non-canonical values that fit in 255 bits.
  for (let over = 2; over < 19; over += 1) {
    const raw = new Uint8Array(32).fill(0xff);
    raw[0] = 0xed + over;
    raw[31] = 0x7f;
    t.is(admitKey(raw).kind, "reject");
  }
});

test("Y1: a key of another length is refused with its length", (t) => {
  for (const length of [0, 31, 33, 64]) {
    const admission = admitKey(new Uint8Array(length));
    t.regex(admission.kind === "reject" ? admission.reason : "", new RegExp(`not ${length}$`));
  }
});

test("Y1: admission of any 32 bytes answers and never throws", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (raw) => {
      const admission = admitKey(raw);
      return admission.kind === "accept" ? toHex(admission.key.raw) === toHex(raw) : admission.reason.length > 0;
    }),
    { numRuns: 60 },
  );
  t.pass();
});

test("Y1: an admitted key does not change when the caller's bytes do", (t) => {
  const raw = Uint8Array.from(generateKey().publicKey.raw);
  const key = admitted(raw);
  raw[0] = (raw[0] ?? 0) ^ 1;
  t.not(toHex(key.raw), toHex(raw));
});

test("Y2: a signature with R of small order is refused even where the equation holds", (t) => {
  const key = importRawKey(sha256(Buffer.from("small order R")));
  for (const r of SMALL_ORDER) {
    // With R of small order and s = k * a, sB = R + kA holds up to the cofactor: verifiers disagree on it.
    const { scalar } = ed25519.utils.getExtendedPublicKey(sha256(Buffer.from("small order R")));
    const message = Buffer.from("message");
    const signature = Buffer.concat([r, scalarBytes(challenge(r, key.publicKey.raw, message) * scalar)]);
    t.false(verify(key.publicKey, message, signature), toHex(r));
  }
});

test("Y2: s and s + L are not both valid", (t) => {
  const key = generateKey();
  const signature = sign(key, Buffer.from("m"));
  const order = ed25519.Point.Fn.ORDER;
  const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString("hex")}`);
  const larger = Buffer.from((s + order).toString(16).padStart(64, "0"), "hex").reverse();
  t.true(verify(key.publicKey, Buffer.from("m"), signature));
  t.false(verify(key.publicKey, Buffer.from("m"), Buffer.concat([signature.slice(0, 32), larger])));
});

test("Y2: a signer who hides a torsion point in R is refused, where a cofactored verifier accepts", (t) => {
  const seed = sha256(Buffer.from("torsion in R"));
  const key = importRawKey(seed);
  const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
  const torsion = ed25519.Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const message = Buffer.from("message");
  for (let times = 0; times < 8; times += 1) {
    const nonce = BigInt(1_000_003 + times);
    const shift = times === 0 ? ed25519.Point.ZERO : torsion.multiplyUnsafe(BigInt(times));
    const r = ed25519.Point.BASE.multiply(nonce).add(shift).toBytes();
    const signature = Buffer.concat([r, scalarBytes(nonce + challenge(r, key.publicKey.raw, message) * scalar)]);
    t.true(ed25519.verify(signature, message, key.publicKey.raw, { zip215: true }), "the attack is real");
    t.is(verify(key.publicKey, message, signature), times === 0, `torsion ${times}`);
  }
});

test("Y2: a changed message, signature or length does not verify", (t) => {
  const key = generateKey();
  const message = Buffer.from("12.340 kg");
  const signature = sign(key, message);
  t.true(verify(key.publicKey, message, signature));
  t.false(verify(key.publicKey, Buffer.from("12.341 kg"), signature));
  t.false(verify(key.publicKey, message, signature.subarray(0, 63)));
  t.false(verify(key.publicKey, message, Buffer.concat([signature, Buffer.alloc(1)])));
  for (let at = 0; at < 64; at += 1) {
    const changed = Uint8Array.from(signature);
    changed[at] = (changed[at] ?? 0) ^ 1;
    t.false(verify(key.publicKey, message, changed));
  }
});

test("Y2: what we sign, the pure JavaScript oracle verifies, and the other way round", (t) => {
  for (let round = 0; round < 5; round += 1) {
    const seed = sha256(Uint8Array.of(round));
    const key = importRawKey(seed);
    const message = Uint8Array.of(round, 1, 2);
    t.true(ed25519.verify(sign(key, message), message, key.publicKey.raw, { zip215: false }));
    t.true(verify(key.publicKey, message, ed25519.sign(message, seed)));
  }
});

test("Y5: a PEM file gives the same key back, and a key of another kind is refused", (t) => {
  const key = generateKey();
  const again = importPemKey(exportPemKey(key));
  t.is(again.publicKey.hex, key.publicKey.hex);
  t.deepEqual(sign(again, Buffer.from("m")), sign(key, Buffer.from("m")));
  const x25519 =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHgQoP1wKXr6zGcYSvN8rRwzJfQcJ7wQmJ5cG2sOqNlq\n-----END PRIVATE KEY-----\n";
  t.throws(() => importPemKey(x25519), { message: /x25519.*Ed25519/ });
  t.throws(() => importPemKey("no pem"));
  t.throws(() => importRawKey(new Uint8Array(31)), { message: /31/ });
});

test("Y3: the COSE key id is the first 8 bytes of the SHA-256 of the raw key", (t) => {
  const raw = bytesOf(RFC8032[0].key);
  t.is(toHex(keyIdOf(raw)), toHex(sha256(raw)).slice(0, 16));
});

/** H(R, A, M) of RFC 8032 as an integer. */
function challenge(r: Uint8Array, raw: Uint8Array, message: Uint8Array): bigint {
  const digest = createHash("sha512").update(r).update(raw).update(message).digest();
  return BigInt(`0x${digest.reverse().toString("hex")}`);
}

/** 32 bytes, little-endian, of an integer modulo the group order. */
function scalarBytes(value: bigint): Buffer {
  const reduced = ed25519.Point.Fn.create(value);
  return Buffer.from(reduced.toString(16).padStart(64, "0"), "hex").reverse();
}

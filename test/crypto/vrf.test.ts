import { ed25519 } from "@noble/curves/ed25519.js";
import test from "ava";
import fc from "fast-check";
import { admitKey, bytesEqual, fromHex, importRawKey, sha512, toHex } from "../../ledger/crypto/index.ts";
import { vrfOutput, vrfProver, vrfVerify } from "../../ledger/crypto/vrf/index.ts";
import { challengeOf, encodeToCurve, nonceOf, secretOf } from "../../ledger/crypto/vrf/vrf.ts";

const { Point } = ed25519;
const bytesOf = (hex: string): Uint8Array => fromHex(hex) ?? new Uint8Array();
const scalarOf = (hex: string): bigint => BigInt(`0x${toHex(bytesOf(hex).toReversed())}`);
const littleEndian = (value: bigint): Uint8Array => bytesOf(value.toString(16).padStart(64, "0")).toReversed();

/** RFC 9381 appendix B.3, examples 16 to 18. */
const RFC9381 = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    alpha: "",
    x: "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f",
    h: "91bbed02a99461df1ad4c6564a5f5d829d0b90cfc7903e7a5797bd658abf3318",
    k: "8a49edbd1492a8ee09766befe50a7d563051bf3406cbffc20a88def030730f0f",
    u: "aef27c725be964c6a9bf4c45ca8e35df258c1878b838f37d9975523f09034071",
    v: "5016572f71466c646c119443455d6cb9b952f07d060ec8286d678615d55f954f",
    pi: "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
    beta: "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
  },
  {
    // The point is found at the second attempt only.
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    alpha: "72",
    x: "68bd9ed75882d52815a97585caf4790a7f6c6b3b7f821c5e259a24b02e502e51",
    h: "5b659fc3d4e9263fd9a4ed1d022d75eaacc20df5e09f9ea937502396598dc551",
    k: "d8c3a66921444cb3427d5d989f9b315aa8ca3375e9ec4d52207711a1fdb44107",
    u: "1dcb0a4821a2c48bf53548228b7f170962988f6d12f5439f31987ef41f034ab3",
    v: "fd03c0bf498c752161bae4719105a074630a2aa5f200ff7b3995f7bfb1513423",
    pi: "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed5933bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
    beta: "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    alpha: "af82",
    x: "909a8b755ed902849023a55b15c23d11ba4d7f4ec5c2f51b1325a181991ea95c",
    h: "bf4339376f5542811de615e3313d2b36f6f53c0acfebb482159711201192576a",
    k: "5ffdbc72135d936014e8ab708585fda379405542b07e3bd2c0bd48437fbac60a",
    u: "2bae73e15a64042fcebf062abe7e432b2eca6744f3e8265bc38e009cd577ecd5",
    v: "88cba1cb0d4f9b649d9a86026b69de076724a93a65c349c988954f0961c5d506",
    pi: "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf8096bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
    beta: "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c452118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
  },
] as const;

const key = importRawKey(bytesOf(RFC9381[1].seed));
const alpha = new TextEncoder().encode("span 7");
const { proof } = vrfProver(key)(alpha);

test("V1, V3, V4, V5: RFC 9381 appendix B.3: each input gives the proof and the output of the vector, and the proof holds", (t) => {
  for (const vector of RFC9381) {
    const vectorKey = importRawKey(bytesOf(vector.seed));
    t.is(vectorKey.publicKey.hex, vector.key);
    const proven = vrfProver(vectorKey)(bytesOf(vector.alpha));
    t.is(toHex(proven.proof), vector.pi);
    t.is(toHex(proven.output), vector.beta);
    t.is(toHex(vrfVerify(vectorKey.publicKey, bytesOf(vector.alpha), bytesOf(vector.pi)) ?? alpha), vector.beta);
    t.is(toHex(vrfOutput(bytesOf(vector.pi)) ?? alpha), vector.beta);
  }
});

test("V1, V2: RFC 9381 appendix B.3: scalar, curve point, nonce and its two multiples are those of the vector", (t) => {
  for (const vector of RFC9381) {
    const { publicKey, ...rest } = importRawKey(bytesOf(vector.seed));
    const secret = secretOf({ publicKey, ...rest });
    t.is(secret.scalar, scalarOf(vector.x) % Point.Fn.ORDER);
    const h = encodeToCurve(publicKey, bytesOf(vector.alpha));
    t.is(h.toHex(), vector.h);
    const nonce = nonceOf(secret, h);
    t.is(nonce, scalarOf(vector.k));
    t.is(Point.BASE.multiply(nonce).toHex(), vector.u);
    t.is(h.multiply(nonce).toHex(), vector.v);
  }
});

test("V2: no proof is checked under a key of small order, because no such key is admitted", (t) => {
  const order8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
  for (const raw of ["01".padEnd(64, "0"), "".padEnd(64, "0"), order8, "ec".padEnd(62, "f") + "7f"])
    t.is(admitKey(bytesOf(raw)).kind, "reject");
});

test("V3: a proof with any byte changed, cut short or lengthened does not hold; the whole one does", (t) => {
  for (let at = 0; at < proof.length; at += 1) {
    const changed = Uint8Array.from(proof);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    t.is(vrfVerify(key.publicKey, alpha, changed), null, `byte ${at}`);
  }
  for (const size of [0, 32, 79]) t.is(vrfVerify(key.publicKey, alpha, proof.subarray(0, size)), null);
  t.is(vrfVerify(key.publicKey, alpha, Uint8Array.from([...proof, 0])), null);
  t.not(vrfVerify(key.publicKey, alpha, proof), null);
});

test("V3: a scalar with the group's order added is another spelling of the same number, and refused", (t) => {
  const scalar = scalarOf(toHex(proof.subarray(48)));
  const again = Uint8Array.from([...proof.subarray(0, 48), ...littleEndian(scalar + Point.Fn.ORDER)]);
  t.is(vrfVerify(key.publicKey, alpha, again), null);
  t.is(vrfOutput(again), null);
});

test("V3: a point in a spelling that is not canonical, or that is none of the curve, is refused", (t) => {
  // y = 1 + p (the neutral point), x = 0 with a sign, y = p - 1 with a sign, and y = 2, which no point has.
  const spellings = [
    "ee".padEnd(62, "f") + "7f",
    "01".padEnd(62, "0") + "80",
    "ec".padEnd(64, "f"),
    "02".padEnd(64, "0"),
  ];
  for (const spelling of spellings) {
    const forged = Uint8Array.from([...bytesOf(spelling), ...proof.subarray(32)]);
    t.is(vrfOutput(forged), null, spelling);
    t.is(vrfVerify(key.publicKey, alpha, forged), null, spelling);
  }
});

test("V4: a proof holds for its own input and key alone", (t) => {
  t.is(vrfVerify(key.publicKey, new TextEncoder().encode("span 8"), proof), null);
  t.is(vrfVerify(importRawKey(bytesOf(RFC9381[0].seed)).publicKey, alpha, proof), null);
});

test("V4: any bytes get an answer and nothing is thrown", (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 78, maxLength: 82 }),
        (bytes) => vrfVerify(key.publicKey, alpha, bytes) === null,
      ),
      { numRuns: 60 },
    ),
  );
});

test("V5: an owner that adds a point of small order, and finds a challenge that hides it, gets the same output", (t) => {
  const secret = secretOf(key);
  const h = encodeToCurve(key.publicKey, alpha);
  // Order 2: an even challenge makes it vanish from the equations.
  const gamma = h.multiply(secret.scalar).add(Point.fromHex("ec".padEnd(62, "f") + "7f"));
  for (let nonce = 1n; ; nonce += 1n) {
    const challenge = challengeOf(key.publicKey, h, gamma, Point.BASE.multiply(nonce), h.multiply(nonce));
    const c = scalarOf(toHex(challenge).padEnd(64, "0"));
    if (c % 2n === 1n) continue;
    const scalar = (nonce + c * secret.scalar) % Point.Fn.ORDER;
    const other = Uint8Array.from([...gamma.toBytes(), ...challenge, ...littleEndian(scalar)]);
    t.false(bytesEqual(other, proof));
    t.deepEqual(vrfVerify(key.publicKey, alpha, other), vrfVerify(key.publicKey, alpha, proof));
    return;
  }
});

test("V5: outputs of different inputs and keys differ", (t) => {
  const outputs = RFC9381.flatMap(({ seed }) =>
    [0, 1].map((byte) => vrfProver(importRawKey(bytesOf(seed)))(Uint8Array.of(byte)).output),
  );
  t.is(new Set(outputs.map(toHex)).size, outputs.length);
});

test("Y6: SHA-512 is that of FIPS 180-4", (t) => {
  t.is(
    toHex(sha512(new TextEncoder().encode("abc"))),
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  );
});

import test from "ava";
import fc from "fast-check";
import { bytesEqual, fromBase64, fromHex, sha256, toBase64, toHex } from "../../ledger/crypto/index.ts";

test("Y4: hexadecimal has one spelling of every byte string", (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const back = fromHex(toHex(bytes));
      return back !== null && bytesEqual(back, bytes);
    }),
  );
  for (const text of ["A0", "0", "0g", " 00", "00 ", "0x00", "00\n"]) t.is(fromHex(text), null, text);
});

test("Y4: base64 has one spelling of every byte string", (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const back = fromBase64(toBase64(bytes));
      return back !== null && bytesEqual(back, bytes);
    }),
  );
  // Stray padding bits, missing padding, white space, the URL alphabet, data behind the padding.
  for (const text of ["AB==", "AA", "AA=", "AAB=", " AAAA", "AAAA\n", "AA AA", "-_AA", "AA==AAAA", "A", "="]) {
    t.is(fromBase64(text), null, JSON.stringify(text));
  }
});

test("Y6: SHA-256 gives the FIPS 180-4 digests as plain bytes of their own", (t) => {
  t.is(toHex(sha256(new Uint8Array())), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  t.is(toHex(sha256(Buffer.from("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const digest = sha256(Buffer.from("abc"));
  t.is(digest.constructor, Uint8Array);
  t.is(digest.buffer.byteLength, 32);
});

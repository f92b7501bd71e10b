export { fromBase64, toBase64 } from "./base64.ts";
export { sha256, sha512 } from "./hash.ts";
export { bytesEqual, fromHex, toHex } from "./hex.ts";
export { exportPemKey, generateKey, importPemKey, importRawKey, type PrivateKey, sign } from "./private-key.ts";
export { type Admission, admitKey, keyIdOf, type PublicKey, verify } from "./public-key.ts";

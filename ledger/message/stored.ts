/** A9: what a gateway wrote to its own disk in the form in which it travels. It throws when the disk holds something else. */
import { type CborValue, decode } from "../cbor/index.ts";
import { invariant } from "../committee/index.ts";
import { type Block, type Certificate, type Message, readBlock, readMessage } from "./agreement.ts";
import { type LaneCertificate, readLaneCertificate } from "./lane.ts";

export function storedValue(bytes: Uint8Array): CborValue {
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds bytes that this program did not write");
  return decoded.value;
}

export function storedBlock(bytes: Uint8Array): Block {
  return readBlock(storedValue(bytes));
}

export function storedLaneCertificate(bytes: Uint8Array): LaneCertificate {
  return readLaneCertificate(storedValue(bytes));
}

export function storedMessage(bytes: Uint8Array): Message {
  const value = storedValue(bytes);
  const message = Array.isArray(value) ? readMessage(value) : null;
  invariant(message !== null, "the store holds a message of an unknown kind");
  return message;
}

export function storedCertificate(bytes: Uint8Array): Certificate {
  const message = storedMessage(bytes);
  invariant(message.kind === "certificate", `the store holds a ${message.kind} where a certificate belongs`);
  return message.certificate;
}

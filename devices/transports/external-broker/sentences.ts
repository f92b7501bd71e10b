import type { BrokerPlace } from "./options.ts";

/** Why we ended a connection: a clause whose subject is the broker. */
export class Ended extends Error {
  override readonly name = "Ended";
}

const networks: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection: start the broker or correct the port",
  ENOTFOUND: "has no address: correct the host name",
  EAI_AGAIN: "could not be looked up: check the name server",
  EHOSTUNREACH: "cannot be reached: check the network",
  ENETUNREACH: "cannot be reached: check this machine's network",
  ETIMEDOUT: "stopped answering: check the network",
  ECONNRESET: "broke the connection: it may have restarted, or wants TLS (mqtts://) on this port",
  EPIPE: "broke the connection: it may have restarted",
  ERR_TLS_CERT_ALTNAME_INVALID: "shows the certificate of another host: correct the host name in the URL",
  CERT_HAS_EXPIRED: "shows a certificate that has expired: renew it, or set this machine's clock",
  SELF_SIGNED_CERT_IN_CHAIN:
    "shows a certificate of an authority that is not trusted here: name it in mqtt.external.ca",
  DEPTH_ZERO_SELF_SIGNED_CERT: "shows a certificate of its own making: name it in mqtt.external.ca",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "shows a certificate of an unknown authority: name the authority in mqtt.external.ca",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "shows a certificate of an unknown authority: name the authority in mqtt.external.ca",
};

/** MQTT 3.1.1 section 3.2.2.3; MQTT 5 section 3.2.2.2. */
const refusals: ReadonlyMap<number, string> = new Map([
  [1, "does not speak this version of MQTT: set mqtt.external.version to the other one"],
  [2, "refuses our client id: choose another mqtt.external.clientId"],
  [3, "is not ready"],
  [4, "refuses the login: correct mqtt.external.user and its password file"],
  [5, "refuses the login: correct mqtt.external.user and its password file"],
  [132, "does not speak MQTT 5: set mqtt.external.version to 3.1.1"],
  [133, "refuses our client id: choose another mqtt.external.clientId"],
  [134, "refuses the login: correct mqtt.external.user and its password file"],
  [135, "refuses the login: correct mqtt.external.user and its password file"],
  [142, "gave our session to another client of the same id: give every gateway its own mqtt.external.clientId"],
]);

/** One sentence for a connection that ended or never was: what, where, what to do. */
export function sentenceOf({ url }: BrokerPlace, error: Error | null): string {
  const { protocol, host } = new URL(url);
  const where = `the MQTT broker ${protocol}//${host}`;
  if (error === null) return `${where} closed the connection`;
  if (error instanceof Ended) return `${where} ${error.message}`;
  const code = "code" in error ? error.code : null;
  const known = typeof code === "number" ? refusals.get(code) : networks[String(code)];
  return `${where} ${known ?? `failed: ${error.message}`}`;
}

/** The secrets of a gateway. The rules are in README.md. */
export {
  checkKeys,
  createKeys,
  createNextKeys,
  type GatewayIdentity,
  type GatewayKeys,
  identityOf,
  keySetOf,
  keysInUse,
  loadKeys,
  loadKeySets,
  markKeysInUse,
} from "./keys.ts";
export { readSecret } from "./secret-file.ts";
export { createMqttUsers, loadMqttUsers, type MqttUsers } from "./mqtt-users.ts";

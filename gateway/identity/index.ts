/** The secrets of a gateway. The rules are in README.md. */
export {
  checkKeys,
  createKeys,
  type GatewayIdentity,
  type GatewayKeys,
  identityOf,
  keysInUse,
  loadKeys,
  markKeysInUse,
} from "./keys.ts";
export { createMqttUsers, loadMqttUsers, type MqttUsers } from "./mqtt-users.ts";

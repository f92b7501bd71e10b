export { startSparkplugNode } from "./node.ts";
export { simulatedNodeSettings } from "./node-core.ts";

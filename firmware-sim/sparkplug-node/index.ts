export { type NodeEvent, type SparkplugNode, type SparkplugNodeOptions, startSparkplugNode } from "./node.ts";
export { simulatedNodeSettings } from "./node-core.ts";

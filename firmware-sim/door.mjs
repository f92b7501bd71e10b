// F18: what `import ... from "tallystick/firmware-sim"` gives. JavaScript, because Node strips no types below a node_modules folder,
// which is where this package lies once it is installed; the types stand in index.ts.
import { readFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const PACKAGE = new URL("../", import.meta.url).href;

// In a clone Node does it by itself.
if (PACKAGE.includes("/node_modules/")) {
  registerHooks({
    load: (url, context, nextLoad) => {
      if (!url.startsWith(PACKAGE) || !url.endsWith(".ts")) return nextLoad(url, context);
      const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), "utf8"));
      return { format: "module", source, shortCircuit: true };
    },
  });
}

// Not `export from`: that would be loaded before the hook is there.
export const {
  deviceUsage,
  dialects,
  parseDeviceArguments,
  runDevice,
  simulatedNodeSettings,
  startDimensioner,
  startMqttSensor,
  startScale,
  startSimulatedSite,
  startSparkplugNode,
  startStation,
  syntheticItems,
} = await import("./index.ts");

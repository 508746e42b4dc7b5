// Server options from the environment: PROBE_PING_INTERVAL=25000 becomes pingInterval: 25000.

const switches = new Set([
  "addTrailingSlash",
  "allowEIO3",
  "allowUpgrades",
  "cleanupEmptyChildNamespaces",
  "connectionStateRecovery",
  "cookie",
  "destroyUpgrade",
  "httpCompression",
  "perMessageDeflate",
  "serveClient",
]);

const values = new Set([
  "connectTimeout",
  "cors",
  "destroyUpgradeTimeout",
  "maxHttpBufferSize",
  "path",
  "pingInterval",
  "pingTimeout",
  "transports",
  "upgradeTimeout",
]);

function camelCase(name) {
  const option = name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return option === "allowEio3" ? "allowEIO3" : option;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function switchValue(option, value) {
  if (value === 0 || value === false) return false;
  if (value !== 1 && value !== true) return value;
  return option === "connectionStateRecovery" ? {} : true;
}

/** The options that the environment sets; names that the server does not know are left out. */
export function optionsFromEnvironment(environment) {
  const options = {};
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("PROBE_")) continue;
    const option = camelCase(name.slice("PROBE_".length));
    if (switches.has(option)) options[option] = switchValue(option, parse(text));
    else if (option === "path") options[option] = text;
    else if (values.has(option)) options[option] = parse(text);
  }
  if (typeof options.cors === "string") options.cors = { origin: options.cors };
  return options;
}

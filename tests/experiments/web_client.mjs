// Asks an Assay server through OpenFeature's own web client: `node web_client.mjs <address> <key>`. Prints what it got.
import { OpenFeature } from "@openfeature/web-sdk";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";

const [address, key] = process.argv.slice(2);
const statuses = [];
const provider = new OFREPWebProvider({
  baseUrl: address,
  headers: [["Authorization", `Bearer ${key}`]],
  pollInterval: 0,
  cacheMode: "disabled",
  fetchImplementation: async (...request) => {
    const response = await fetch(...request);
    statuses.push(response.status);
    return response;
  },
});

await OpenFeature.setContext({ targetingKey: "ann", plan: "premium" });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const told = {
  ann: client.getObjectDetails("greeting", {}),
  farewell: client.getObjectDetails("farewell", {}),
  missing: client.getObjectDetails("unheard-of", { content: "mine" }),
};
await OpenFeature.setContext({ targetingKey: "ann", plan: "premium" });
told.unchanged = statuses.at(-1);
await OpenFeature.setContext({ targetingKey: "ben" });
told.ben = client.getObjectDetails("greeting", {});
console.log(JSON.stringify(told));
await OpenFeature.close();
process.exit(0);

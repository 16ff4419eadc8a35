// Checks every example below a directory by the schema beside it, all in one process: the quickest way that the usual
// tools have. Prints how many are valid, are not, and have no schema.
const fs = require("fs");
const path = require("path");
const Ajv = require("ajv");

const files = [];
(function walk(dir) {
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) walk(file);
    else if (entry.name.endsWith(".json")) files.push(file);
  }
})(process.argv[2]);

const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));
const ajv = new Ajv({ extendRefs: true, unknownFormats: "ignore" });
const schemas = new Map();
for (const file of files.filter((file) => file.endsWith(".schema.json"))) {
  const schema = read(file);
  schemas.set(file, schema.$id);
  ajv.addSchema(schema);
}

let [valid, invalid, alone] = [0, 0, 0];
for (const file of files) {
  const found = /^(.*)\.(example|invalid)\.[^/]*json$/.exec(file);
  if (!found || file.endsWith(".schema.json")) continue;
  const id = schemas.get(found[1] + ".schema.json");
  if (id === undefined) {
    alone += 1;
    continue;
  }
  try {
    if (ajv.validate(id, read(file))) valid += 1;
    else invalid += 1;
  } catch (error) {
    // Its schema can't be compiled.
    invalid += 1;
  }
}
console.log(`${valid} valid, ${invalid} not, ${alone} without a schema`);

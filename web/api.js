// @ts-check
// Draws /openapi.json for people: one fold an operation, one an object.

/** @param {string} tag @param {string} [text] */
function element(tag, text) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A schema in a few words. @param {any} schema @returns {string} */
export function inWords(schema) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.anyOf) return schema.anyOf.map(inWords).join(" or ");
  if (schema.type === "array") return `list of ${inWords(schema.items)}`;
  const limits = limitsInWords(schema);
  return [schema.type ?? "any", limits && `(${limits})`].filter(Boolean).join(" ");
}

/** @param {any} schema */
function limitsInWords({ minimum, exclusiveMinimum, maximum, maxLength }) {
  const limits = [
    minimum !== undefined && `≥ ${minimum}`,
    exclusiveMinimum !== undefined && `> ${exclusiveMinimum}`,
    maximum !== undefined && `≤ ${maximum}`,
    maxLength !== undefined && `≤ ${maxLength} characters`,
  ];
  return limits.filter(Boolean).join(", ");
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const made = element("table");
  const top = made.appendChild(element("tr"));
  for (const word of head) top.append(element("th", word));
  for (const row of rows) {
    const line = made.appendChild(element("tr"));
    for (const cell of row) line.append(element("td", cell));
  }
  return made;
}

/** @param {string} method @param {string} path @param {any} operation */
function drawn(method, path, operation) {
  const fold = element("details");
  const summary = fold.appendChild(element("summary"));
  summary.append(element("code", `${method.toUpperCase()} ${path}`), ` ${operation.summary}`);
  const parameters = operation.parameters ?? [];
  if (parameters.length) {
    const rows = parameters.map((/** @type {any} */ one) => [
      one.name,
      one.in,
      inWords(one.schema),
      one.schema.default === undefined ? "" : String(one.schema.default),
    ]);
    fold.append(table(["parameter", "in", "value", "default"], rows));
  }
  for (const [kind, body] of Object.entries(operation.requestBody?.content ?? {})) {
    const parts = Object.entries(body.schema.properties ?? {}).map(([name, part]) => [kind, name, inWords(part)]);
    fold.append(table(["body", "part", "value"], parts.length ? parts : [[kind, "", "the bytes"]]));
  }
  const answers = Object.entries(operation.responses).map(([status, answer]) => {
    const kinds = Object.entries(answer.content ?? {}).map(([kind, one]) => `${kind} ${inWords(one.schema)}`);
    return [status, answer.description, kinds.join(", ")];
  });
  fold.append(table(["status", "meaning", "body"], answers));
  return fold;
}

/** @param {string} name @param {any} schema */
function drawnSchema(name, schema) {
  const fold = element("details");
  fold.append(element("summary", name));
  if (schema.description) fold.append(element("p", schema.description));
  const rows = Object.entries(schema.properties ?? {}).map(([field, kind]) => [field, inWords(kind)]);
  fold.append(table(["field", "value"], rows));
  return fold;
}

async function show() {
  const status = /** @type {HTMLElement} */ (document.getElementById("loading"));
  const place = /** @type {HTMLElement} */ (document.getElementById("operations"));
  const api = await fetch("/openapi.json").then((answer) => answer.json()).catch(() => undefined);
  status.textContent = api ? "" : "The server can’t be reached; load the page again.";
  if (!api) return;
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) place.append(drawn(method, path, operation));
  }
  const schemas = /** @type {HTMLElement} */ (document.getElementById("schemas"));
  for (const [name, schema] of Object.entries(api.components.schemas)) schemas.append(drawnSchema(name, schema));
}

if (typeof document !== "undefined") show();

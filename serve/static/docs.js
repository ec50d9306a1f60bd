// The API's documentation, drawn from /openapi.json: what each path takes, an example, and its answers.

function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

// Text with `code` in backquotes.
const prose = (text) => text.split("`").map((part, i) => (i % 2 ? element("code", "", part) : part));

const resolve = (api, schema) => {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, ...(api.components.schemas[name] ?? {}) } : schema ?? {};
};

function typeOf(api, schema) {
  if (schema.$ref) return resolve(api, schema).name;
  if (schema.anyOf ?? schema.oneOf) return (schema.anyOf ?? schema.oneOf).map((one) => typeOf(api, one)).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(api, schema.items ?? {})}`;
  if (schema.type === "object" && schema.additionalProperties) return `object of ${typeOf(api, schema.additionalProperties)}`;
  return schema.type ?? "any";
}

function table(label, head, rows) {
  const made = element("table", "", element("thead", "", element("tr", "", ...head.map((text) => {
    const cell = element("th", "", text);
    cell.scope = "col";
    return cell;
  }))), element("tbody", "", ...rows.map((row) => element("tr", "", ...row.map((cell) => element("td", "", cell))))));
  const scroll = element("div", "scroll", made);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label);
  return scroll;
}

function fields(api, schema, label) {
  const { properties = {}, required = [] } = schema;
  return table(label, ["member", "type", "meaning"], Object.entries(properties).map(([name, one]) => [
    element("code", "", name + (required.includes(name) ? "" : "?")), typeOf(api, one), element("span", "", ...prose(one.description ?? ""))]));
}

// Shell quoting: single quotes, and each of its own closed, escaped and opened again.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function command(path, method, type, example) {
  if (method === "get") return `curl ${location.origin}${path}`;
  return `curl ${location.origin}${path} -H 'Content-Type: ${type}' \\\n  -d ${quoted(typeof example === "string" ? example : JSON.stringify(example))}`;
}

function operation(api, path, method, about) {
  const title = element("h3", "", element("span", "method", method.toUpperCase()), element("code", "", path));
  const card = element("section", "card", title);
  const notes = (about.description ?? about.summary ?? "").split("\n").map((line) => line.trim()).join(" ");
  card.append(element("p", "", ...prose(notes)));
  const bodies = Object.entries(about.requestBody?.content ?? {});
  for (const [type, { schema, example }] of bodies) {
    const full = resolve(api, schema);
    card.append(element("h4", "", `Request, ${type}`));
    if (full.properties) card.append(fields(api, full, `Members of the request to ${path}`));
    card.append(element("h4", "", "Example"));
    for (const one of full.examples ?? [example ?? {}]) card.append(element("pre", "", command(path, method, type, one)));
  }
  if (!bodies.length) card.append(element("h4", "", "Example"), element("pre", "", command(path, method)));
  card.append(element("h4", "", "Answers"), table(`Answers of ${path}`, ["status", "meaning"], Object.entries(about.responses).map(
    ([status, answer]) => [element("code", "", status), status === "200" ? answers(api, answer) : answer.description])));
  for (const [name, { value }] of Object.entries(about.responses["200"]?.content?.["application/json"]?.examples ?? {})) {
    const shown = element("pre", "", JSON.stringify(value, null, 1));
    shown.tabIndex = 0; // it scrolls
    shown.setAttribute("role", "region");
    shown.setAttribute("aria-label", `An answer of ${path}: ${name}`);
    card.append(element("details", "", element("summary", "", `An answer: ${name}`), shown));
  }
  return card;
}

function answers(api, answer) {
  const schema = answer.content?.["application/json"]?.schema;
  return schema && Object.keys(schema).length ? typeOf(api, schema) : "text";
}

async function main() {
  const api = await (await fetch("/openapi.json")).json();
  document.getElementById("summary").textContent = `${api.info.summary} Version ${api.info.version}.`;
  const cards = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => operation(api, path, method, about)));
  const named = Object.entries(api.components.schemas).filter(([, schema]) => schema.properties);
  const schemas = named.map(([name, schema]) =>
    element("section", "card", element("h3", "", name), element("p", "", ...prose((schema.description ?? "").split("\n").join(" "))),
      fields(api, schema, `Members of ${name}`)));
  document.getElementById("operations").replaceChildren(
    element("h2", "", "Paths"), ...cards, element("h2", "", "Bodies"), ...schemas);
}

main();

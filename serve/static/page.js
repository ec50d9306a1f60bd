// The try-it page: sends an article, shows what the model says. Text is only ever set as text, never as markup.
import { decode, listenToDrops } from "./files.js";
import { csvOf, isMoved, jsonOf, percent, pieces, presentTopics, shapeOf, spoken } from "./marks.js";

const at = (id) => document.getElementById(id);
const state = { model: null, answer: null, thresholds: {}, announce: 0, turn: 0 };

function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

// Asks the service; a refusal becomes an Error with its message.
async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (at("token").value) headers.authorization = `Bearer ${at("token").value}`;
  const response = await fetch(path, { ...options, headers });
  const body = await response.json();
  if (response.status === 401) at("token-field").hidden = false;
  if (!response.ok) throw new Error(body.message);
  return body;
}

async function loadModel() {
  if (state.model) return;
  state.model = await ask("/v1/model");
  at("model").textContent = `model: ${state.model.name}`;
  state.thresholds = { ...state.model.thresholds };
  const { stances } = state.model.taxonomy;
  at("stance-legend").replaceChildren(
    ...stances.map((stance) => element("span", "stance", element("span", "shape", shapeOf(stance, stances)), ` ${stance} `)));
  at("stance-legend").hidden = !stances.length;
  buildSliders();
}

function buildSliders() {
  const { topics, exclusive } = state.model.taxonomy;
  at("reset").hidden = exclusive;
  at("controls-help").textContent = exclusive
    ? "Each paragraph has exactly one topic: the likeliest."
    : at("controls-help").textContent;
  at("sliders").replaceChildren(...topics.map((topic, number) => {
    const name = element("label", "name", spoken(topic.name));
    const count = element("span", "quiet count");
    count.id = `count-${topic.name}`;
    const box = element("div", `slider topic-${number % 6}`, element("div", "line", name, count));
    if (!exclusive) box.append(slider(topic, name));
    box.title = topic.definition;
    return box;
  }));
}

function slider(topic, label) {
  const input = element("input");
  Object.assign(input, { type: "range", min: "0.01", max: "0.99", step: "0.01", id: `threshold-${topic.name}` });
  input.value = state.thresholds[topic.name];
  label.htmlFor = input.id;
  const output = element("output", "value", percent(state.thresholds[topic.name]));
  output.htmlFor = input.id;
  input.setAttribute("aria-valuetext", output.textContent);
  input.addEventListener("input", () => {
    state.thresholds[topic.name] = Number(input.value);
    output.textContent = percent(input.value);
    input.setAttribute("aria-valuetext", output.textContent);
    show();
  });
  return element("div", "line", input, output);
}

const topicsOf = (paragraph) => presentTopics(paragraph, state.thresholds, state.model.taxonomy.exclusive);

function showTopic(topic) {
  const chip = element("li", `chip topic-${topic.number % 6}`, element("span", "name", spoken(topic.name)));
  const bar = element("span", "bar");
  bar.append(element("span"));
  bar.firstChild.style.width = `${100 * topic.probability}%`;
  chip.append(element("span", "number", bar, percent(topic.probability)));
  if (topic.stance) {
    const shape = element("span", "shape", shapeOf(topic.stance, state.model.taxonomy.stances));
    shape.setAttribute("aria-hidden", "true");
    chip.append(element("span", "stance", shape, ` ${topic.stance} ${percent(topic.stances[topic.stance])}`));
  }
  if (topic.holder) chip.append(element("span", "who", `by ${topic.holder.text}`));
  return chip;
}

function showParagraph(paragraph) {
  const topics = topicsOf(paragraph);
  const text = element("p", "text", ...pieces(paragraph.text, topics).map((piece) => {
    let shown = document.createTextNode(piece.text);
    if ("evidence" in piece) shown = element("span", `evidence topic-${piece.evidence % 6}`, shown);
    if ("holder" in piece) shown = element("mark", `holder topic-${piece.holder % 6}`, shown);
    return shown;
  }));
  const item = element("li", topics.length ? `paragraph topic-${topics[0].number % 6}` : "paragraph none", text);
  const flags = [];
  const moved = isMoved(paragraph, topics);
  if (paragraph.abstained) flags.push(element("span", "flag", moved ? "was unsure" : "unsure: read it yourself"));
  if (paragraph.truncated) flags.push(element("span", "flag", "too long to be read whole"));
  if (topics.length || flags.length) {
    const chips = element("ul", "chips", ...topics.map(showTopic));
    chips.setAttribute("aria-label", "Topics");
    const when = moved ? " at the model’s own thresholds " : " ";
    const sure = element("p", `sure quiet${moved ? " moved" : ""}`, `confidence ${percent(paragraph.confidence)}${when}`, ...flags);
    item.append(element("div", "verdict", ...(topics.length ? [chips] : []), sure));
  }
  return item;
}

// Draws the answer at the present thresholds.
function show(note = "") {
  const { paragraphs } = state.answer;
  const shown = at("only").checked ? paragraphs.filter((paragraph) => topicsOf(paragraph).length) : paragraphs;
  at("paragraphs").replaceChildren(...shown.map(showParagraph));
  const counts = Object.fromEntries(state.model.taxonomy.topics.map((topic) => [topic.name, 0]));
  let topical = 0;
  for (const paragraph of paragraphs) {
    const found = topicsOf(paragraph);
    topical += found.length > 0;
    for (const topic of found) counts[topic.name] += 1;
  }
  for (const [name, count] of Object.entries(counts)) {
    at(`count-${name}`).textContent = `${count} of ${paragraphs.length}`;
  }
  const noun = paragraphs.length === 1 ? "paragraph" : "paragraphs";
  say(`${paragraphs.length} ${noun}, ${topical} with a topic.${note}`);
}

// Announced once the slider rests, so that a screen reader is not flooded.
function say(message) {
  clearTimeout(state.announce);
  state.announce = setTimeout(() => { at("status").textContent = message; }, 150);
}

function fail(message) {
  clearTimeout(state.announce);
  at("status").textContent = "";
  at("error").textContent = message;
  at("error").hidden = false;
  showResults(false); // they would pass for the answer
}

function showResults(on) {
  at("results").hidden = at("skip-results").hidden = !on;
}

// Sends the request and shows its answer, unless another was begun meanwhile; a note is added to the announcement.
async function run(request, note = "") {
  const turn = ++state.turn;
  at("error").hidden = true;
  at("tag").disabled = true;
  clearTimeout(state.announce);
  at("status").textContent = "Tagging…";
  try {
    await loadModel();
    const answer = await request();
    if (turn !== state.turn) return;
    state.answer = answer;
    const facts = state.answer.article ?? { title: at("title").value };
    at("article-title").textContent = facts.title || "Untitled";
    at("article-facts").textContent = [facts.outlet, facts.published].filter(Boolean).join(" · ");
    at("error").hidden = true;
    showResults(true);
    show(note);
    at("results").focus({ preventScroll: true });
    at("results").scrollIntoView({ block: "start" });
  } catch (error) {
    if (turn === state.turn) fail(error instanceof TypeError ? "The service cannot be reached." : error.message);
  } finally {
    if (turn === state.turn) at("tag").disabled = false;
  }
}

function tagText(note) {
  const text = at("text").value;
  if (!text.trim()) return fail("Paste an article first, or use the example.");
  const body = JSON.stringify({ text, title: at("title").value || null });
  return run(() => ask("/v1/tag", { method: "POST", headers: { "content-type": "application/json" }, body }), note);
}

async function takeFile(file) {
  if (/\.x?html?$/i.test(file.name) || file.type === "text/html") {
    at("text").value = "";
    at("title").value = "";
    return run(() => ask("/v1/articles", { method: "POST", headers: { "content-type": "text/html" }, body: file }));
  }
  if (!/\.(txt|md)$/i.test(file.name) && !file.type.startsWith("text/")) {
    return fail(`${file.name} is neither text nor HTML; save the article as .txt or .html.`);
  }
  at("title").value = "";
  try {
    const { text, encoding } = decode(new Uint8Array(await file.arrayBuffer()));
    at("text").value = text;
    return tagText(encoding === "windows-1252" ? ` ${file.name} is not UTF-8; it was read as windows-1252.` : "");
  } catch (error) {
    return fail(error.message);
  }
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no clipboard without https, other than on this machine
    const area = element("textarea", "hidden", text);
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say(`Copied as ${what}.`);
}

at("form").addEventListener("submit", (event) => { event.preventDefault(); tagText(); });
at("example").addEventListener("click", async () => {
  const [title, ...lines] = (await (await fetch("/static/example.txt")).text()).trim().split("\n");
  at("title").value = title;
  at("text").value = lines.join("\n").trim();
  tagText();
});
at("file").addEventListener("change", () => { if (at("file").files.length) takeFile(at("file").files[0]); at("file").value = ""; });
at("only").addEventListener("change", () => show());
at("reset").addEventListener("click", () => { state.thresholds = { ...state.model.thresholds }; buildSliders(); show(); });
at("copy-json").addEventListener("click", () => copy(
  JSON.stringify(jsonOf(state.answer, topicsOf, state.thresholds, state.model.thresholds), null, 1), "JSON"));
at("copy-csv").addEventListener("click", () => copy(csvOf(state.answer.paragraphs, topicsOf), "CSV"));
listenToDrops((on) => { at("drop").hidden = !on; }, takeFile);
at("controls").open = !matchMedia("(max-width: 52rem)").matches; // on a phone the article comes first
loadModel().catch(() => {}); // a token may be needed first; tagging says so

// The article browser of a report. Text from articles reaches the page through textContent alone, never as markup.
"use strict";
(() => {
  const PAGE = 20, SHOWN = 3, ABSTAINED = 1, TRUNCATED = 2;
  const [ANY, NONE, ALL] = ["any", "none", "all"];
  const at = (id) => document.getElementById(id);
  const index = JSON.parse(at("index").textContent);
  const form = at("filters"), results = at("results"), status = at("status"), pager = at("pager");
  let articles = [], found = [], page = 0, loading = true;

  // -- reading the data ----------------------------------------------------------------------------------------
  async function unpack(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  function named([title, outlet, date, published, path, url, language, total, paragraphs]) {
    const where = outlet < 0 ? "" : index.outlets[outlet];
    return {
      title: title || path, outlet, where, date, published, path, url, language, total,
      head: search.fold(`${title || ""}\n${where}`),
      paragraphs: paragraphs.map(([number, text, flags, confidence, tags]) => ({
        number, text, flags, confidence, tags, folded: search.fold(text),
      })),
    };
  }

  async function load() {
    if (typeof DecompressionStream === "undefined") {
      status.textContent = "This browser cannot unpack the articles: it has no DecompressionStream. " +
        "Chrome or Edge from 80, Firefox from 113 and Safari from 16.4 have it. The rest of the page is complete.";
      return;
    }
    const blocks = [...document.querySelectorAll("script.block")];
    for (const [n, block] of blocks.entries()) {
      status.textContent = `Unpacking the articles: ${Math.round(100 * n / blocks.length)} %`;
      const part = await unpack(block.textContent);
      block.remove();
      for (const row of part) articles.push(named(row));
      await new Promise((resolve) => setTimeout(resolve));
    }
    loading = false;
    fillChoices();
    form.hidden = at("legend").hidden = false;
    for (const button of document.querySelectorAll("button[data-outlet]")) button.disabled = false;
    apply();
  }

  // -- filters -------------------------------------------------------------------------------------------------
  function option(select, value, text) {
    const one = document.createElement("option");
    one.value = value;
    one.textContent = text;
    select.append(one);
  }

  function fillChoices() {
    const counts = new Map();
    for (const article of articles) counts.set(article.outlet, (counts.get(article.outlet) || 0) + 1);
    option(at("topic"), ANY, "on any topic");
    index.topics.forEach((topic, n) => option(at("topic"), n, `on ${topic.name}`));
    option(at("topic"), NONE, "on no topic");
    option(at("topic"), ALL, "all");
    option(at("stance"), "", "any");
    index.stances.forEach((stance, n) => option(at("stance"), n, `${stance.sign} ${stance.name}`));
    option(at("outlet"), "", "any");
    const names = [...counts.keys()].filter((n) => n >= 0).sort((a, b) => index.outlets[a].localeCompare(index.outlets[b]));
    for (const n of names) option(at("outlet"), n, `${index.outlets[n]} (${counts.get(n)})`);
    if (counts.has(-1)) option(at("outlet"), -1, `not named (${counts.get(-1)})`);
  }

  function wanted() {
    const number = (id) => (at(id).value === "" ? null : Number(at(id).value));
    return {
      words: search.terms(at("query").value),
      topic: at("topic").value, stance: number("stance"), outlet: number("outlet"),
      from: at("from").value, to: at("to").value, confidence: number("confidence") ?? 0,
    };
  }

  function tagMatches([topic, , stance], want) {
    const right = [ANY, ALL].includes(want.topic) || topic === Number(want.topic);
    return right && (want.stance === null || stance === want.stance);
  }

  function topicMatches(paragraph, want) {
    if (want.topic === ALL && want.stance === null) return true;
    if (want.topic === NONE) return !paragraph.tags.length && want.stance === null;
    return paragraph.tags.some((tag) => tagMatches(tag, want));
  }

  function restMatches(article, paragraph, want) {
    if (want.confidence < 0 && !(paragraph.flags & ABSTAINED)) return false;
    if (want.confidence > 0 && !(paragraph.confidence >= want.confidence)) return false;
    return want.words.every((word) => paragraph.folded.includes(word) || article.head.includes(word));
  }

  // A date may be a year or a month alone; it is compared as far as it goes.
  function dateMatches(date, want) {
    if (!want.from && !want.to) return true;
    if (!date) return false;
    return date >= want.from.slice(0, date.length) && (!want.to || date <= want.to.slice(0, date.length));
  }

  function apply() {
    if (loading) return;
    const want = wanted();
    found = [];
    let count = 0, elsewhere = 0;
    for (const article of articles) {
      if ((want.outlet !== null && article.outlet !== want.outlet) || !dateMatches(article.date, want)) continue;
      const said = article.paragraphs.filter((paragraph) => restMatches(article, paragraph, want));
      const matching = said.filter((paragraph) => topicMatches(paragraph, want));
      elsewhere += said.length - matching.length;
      if (!matching.length) continue;
      found.push({ article, matching });
      count += matching.length;
    }
    const order = at("order").value, sign = order === "old" ? 1 : -1;
    const byDate = (a, b) => !a.date - !b.date || sign * (a.date || "").localeCompare(b.date || "") || a.title.localeCompare(b.title);
    found.sort((a, b) => (order === "most" && b.matching.length - a.matching.length) || byDate(a.article, b.article));
    status.textContent = found.length ? `${many(count, "paragraph")} in ${many(found.length, "article")}` : "Nothing matches these filters.";
    offer(want, elsewhere);
    page = 0;
    show(want.words);
  }

  const many = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  // A search is easily taken to be one of everything: what the filters of topic and stance hide is counted.
  function offer(want, elsewhere) {
    const where = want.topic === ANY && want.stance === null ? "on no topic" : "beyond this choice of topic and stance";
    at("elsewhere").hidden = !elsewhere || !want.words.length;
    at("elsewhere").textContent = `Show ${many(elsewhere, "more paragraph")} with these words, ${where}`;
  }

  // -- drawing -------------------------------------------------------------------------------------------------
  function element(name, className, text) {
    const one = document.createElement(name);
    if (className) one.className = className;
    if (text !== undefined) one.textContent = text;
    return one;
  }

  function show(words = wanted().words) {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    results.replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((one) => card(one, words)));
    pager.hidden = pages === 1;
    at("place").textContent = `Page ${page + 1} of ${pages}`;
    at("previous").disabled = page === 0;
    at("next").disabled = page === pages - 1;
  }

  function card({ article, matching }, words) {
    const box = element("article");
    const heading = element("h3");
    heading.dir = "auto";
    if (article.url) {
      const link = element("a", "", article.title);
      link.href = article.url;
      link.rel = "noopener noreferrer";
      heading.append(link);
    } else heading.textContent = article.title;
    const source = [article.where, article.date || article.published || "no date", article.path].filter(Boolean);
    const line = element("p", "source", source.join(" · "));
    line.dir = "auto";
    box.append(heading, line, strip(article));
    const list = element("div");
    if (article.language) list.lang = article.language;
    const chosen = matching.length > SHOWN ? [...matching].sort((a, b) => b.tags.length - a.tags.length).slice(0, SHOWN) : matching;
    const first = chosen.sort((a, b) => a.number - b.number);
    list.append(...first.map((paragraph) => item(paragraph, words, true)));
    box.append(list);
    if (first.length < article.paragraphs.length) {
      const kept = article.paragraphs.length < article.total ? `the ${article.paragraphs.length} kept paragraphs` : `all ${article.total} paragraphs`;
      const more = element("button", "plain", `Show ${kept}`);
      more.type = "button";
      more.setAttribute("aria-expanded", "false");
      more.setAttribute("aria-label", `Show ${kept} of ${article.title}`);
      more.addEventListener("click", () => {
        const open = more.getAttribute("aria-expanded") === "false";
        const shown = open ? article.paragraphs : first;
        list.replaceChildren(...shown.map((paragraph) => item(paragraph, words, matching.includes(paragraph))));
        more.setAttribute("aria-expanded", String(open));
        more.textContent = open ? "Show less" : `Show ${kept}`;
        more.setAttribute("aria-label", `${more.textContent} of ${article.title}`);
      });
      box.append(more);
    }
    return box;
  }

  // For each paragraph the stances on its topics, or a dot; the legend says so.
  function strip(article) {
    const line = element("p", "strip");
    const tagged = article.paragraphs.filter((paragraph) => paragraph.tags.length).length;
    line.append(element("span", "hidden", `${article.total} paragraphs, ${tagged} on a topic`));
    for (const paragraph of article.paragraphs) {
      const signs = paragraph.tags.map(([, , stance]) => sign(stance));
      const mark = signs.length ? element("span") : element("span", "soft", "·");
      mark.append(...signs);
      mark.setAttribute("aria-hidden", "true");
      line.append(mark);
    }
    return line;
  }

  function sign(stance) {
    return stance < 0 ? element("span", "soft", "○") : element("span", `s${stance % 6}`, index.stances[stance].sign);
  }

  function item(paragraph, words, matches) {
    const box = element("div", matches ? "item" : "item off");
    const edge = element("div", "edge"), body = element("div"), tags = element("div", "tags");
    for (const tag of paragraph.tags) {
      edge.append(element("span", `t${tag[0] % 6}`));
      tags.append(label(tag, paragraph.text));
    }
    if (paragraph.flags & ABSTAINED) tags.append(element("strong", "", "model would rather not say"));
    if (paragraph.flags & TRUNCATED) tags.append(element("span", "soft", "truncated"));
    if (tags.childNodes.length) body.append(tags);
    const text = element("p", "para");
    text.dir = "auto";
    text.append(...marked(paragraph, words));
    body.append(text);
    box.append(edge, body);
    return box;
  }

  function label([topic, probability, stance, stances, holder], text) {
    const line = element("span", `chip t${topic % 6}`);
    line.append(element("span", "swatch"), element("span", "name", index.topics[topic].name), " ");
    let details = `${probability}\u00a0%`;
    if (stance >= 0) {
      const name = element("span", `stance s${stance % 6}`);
      const mark = sign(stance);
      mark.setAttribute("aria-hidden", "true");
      name.append(mark, ` ${index.stances[stance].name}`);
      line.append(name);
      const share = stances[index.topics[topic].stances.indexOf(stance)];
      details = ` topic ${probability}\u00a0%, stance ${share}\u00a0%`;
    }
    line.append(element("span", "soft", details + (holder ? `, held by ${text.slice(...holder)}` : "")));
    return line;
  }

  // The text cut where a topic's evidence or holder or a word that was searched for begins or ends. Each piece has an
  // element for each of them, the words inmost: so the lines of two topics with one evidence are both drawn.
  function marked({ text, folded, tags }, words) {
    const spans = search.spans(text, folded, words).map((span) => ["mark", "", ...span]);
    for (const kind of [4, 5]) {
      for (const tag of tags) {
        if (tag[kind]) spans.push(["span", `${kind === 4 ? "holder" : "evidence"} t${tag[0] % 6}`, ...tag[kind]]);
      }
    }
    const cuts = [...new Set([0, text.length, ...spans.flatMap(([, , start, end]) => [start, end])])].sort((a, b) => a - b);
    return cuts.slice(0, -1).map((start, n) => {
      const piece = text.slice(start, cuts[n + 1]);
      const over = spans.filter(([, , first, last]) => first <= start && cuts[n + 1] <= last);
      return over.reduce((inner, [name, classes]) => {
        const outer = element(name, classes);
        outer.append(inner);
        return outer;
      }, document.createTextNode(piece));
    });
  }

  // -- events --------------------------------------------------------------------------------------------------
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 150);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  at("elsewhere").addEventListener("click", () => {
    at("topic").value = ALL;
    at("stance").value = "";
    at("articles-title").focus({ preventScroll: true }); // the button is about to go
    apply();
  });
  function turn(step) {
    page += step;
    show();
    at("articles-title").focus({ preventScroll: true });
    status.scrollIntoView();
  }
  at("previous").addEventListener("click", () => turn(-1));
  at("next").addEventListener("click", () => turn(1));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-outlet]");
    if (!button || loading) return;
    form.reset();
    at("topic").value = button.dataset.topic;
    const outlet = index.outlets.indexOf(button.dataset.outlet);
    at("outlet").value = outlet < 0 ? "" : outlet;
    setTimeout(() => {
      at("articles").scrollIntoView();
      at("articles-title").focus({ preventScroll: true });
    });
  });
  // After the first paint: the charts above are there without this.
  requestAnimationFrame(() => setTimeout(() => load().catch((error) => {
    status.textContent = `The articles in this file are damaged (${error.message}); write the report again.`;
  })));
})();

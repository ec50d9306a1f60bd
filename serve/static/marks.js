// What the model said, read at the thresholds of the sliders. Nothing here touches the page.

// The first two stances of a taxonomy are its poles; the shape tells them apart without colour.
export const shapeOf = (stance, stances) => ["▲", "▼"][stances.indexOf(stance)] ?? "●";

export const spoken = (name) => name.replaceAll("_", " ");

export const percent = (share) => `${Math.round(100 * share)} %`;

// The topics present in a paragraph: by threshold, or the likeliest where topics exclude each other.
export function presentTopics(paragraph, thresholds, exclusive) {
  const likeliest = Math.max(...paragraph.all_topics.map((topic) => topic.probability));
  return paragraph.all_topics
    .map((topic, number) => ({ ...topic, number }))
    .filter((topic) => (exclusive ? topic.probability === likeliest : topic.probability >= thresholds[topic.name]))
    .map((topic) => ({ ...topic, stance: likeliestStance(topic.stances) }));
}

// Whether the sliders give a paragraph other topics than the model's own thresholds, for which its confidence is.
export const isMoved = (paragraph, topics) =>
  topics.map((topic) => topic.name).join() !== paragraph.all_topics.filter((topic) => topic.present).map((topic) => topic.name).join();

// The answer as the page shows it: topics and stances at the sliders' thresholds, which it names.
export function jsonOf(answer, topicsOf, thresholds, own) {
  const paragraphs = answer.paragraphs.map((paragraph) => {
    const found = new Map(topicsOf(paragraph).map((topic) => [topic.name, topic]));
    const all = paragraph.all_topics.map((topic) => ({
      ...topic, present: found.has(topic.name), stance: found.get(topic.name)?.stance ?? null,
    }));
    return { ...paragraph, topics: [...found.keys()], all_topics: all };
  });
  const note = "topics, present and stance are for thresholds; confidence and abstained for model_thresholds";
  return { ...answer, thresholds, model_thresholds: own, note, paragraphs };
}

export function likeliestStance(stances) {
  const ranked = Object.entries(stances).sort((a, b) => b[1] - a[1]);
  return ranked.length ? ranked[0][0] : null;
}

// The text cut where marks begin and end: {text, holder, evidence}; the marks name the topic's number.
// Offsets count code points, so the text is cut as a list of them.
export function pieces(text, topics) {
  const characters = Array.from(text);
  const marks = [];
  for (const topic of topics) {
    if (topic.holder) marks.push({ kind: "holder", start: topic.holder.start, end: topic.holder.end, topic: topic.number });
    const place = topic.evidence ? text.indexOf(topic.evidence) : -1;
    if (place >= 0) {
      const start = Array.from(text.slice(0, place)).length;
      marks.push({ kind: "evidence", start, end: start + Array.from(topic.evidence).length, topic: topic.number });
    }
  }
  const cuts = new Set([0, characters.length]);
  for (const mark of marks) cuts.add(mark.start).add(mark.end);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => {
    const piece = { text: characters.slice(places[i], end).join("") };
    for (const mark of marks) {
      if (mark.start <= places[i] && end <= mark.end) piece[mark.kind] ??= mark.topic;
    }
    return piece;
  });
}

// Rows for a spreadsheet: one a paragraph and topic present.
export function csvOf(paragraphs, topicsOf) {
  const head = ["paragraph", "topic", "probability", "stance", "stance_probability", "holder", "evidence", "abstained", "text"];
  const rows = paragraphs.flatMap((paragraph) =>
    topicsOf(paragraph).map((topic) => [
      paragraph.index, topic.name, topic.probability, topic.stance ?? "", topic.stance ? topic.stances[topic.stance] : "",
      topic.holder?.text ?? "", topic.evidence ?? "", paragraph.abstained, paragraph.text,
    ]));
  return [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}

// A spreadsheet takes a cell that begins so for a formula; a leading apostrophe keeps it text.
function csvCell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// Words and phrases in text, whatever the case, the accents and the kind of quotes. Nothing here touches the page.
"use strict";
const search = (() => {
  // Letters that Unicode does not take apart, and quotes as no keyboard has them.
  const PLAIN = {
    "ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "ς": "σ",
    "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
  };
  const ODD = new RegExp(`[${Object.keys(PLAIN).join("")}]`, "g");

  function fold(text) {
    const lower = text.toLowerCase();
    if (!/[^\u0000-\u007f]/.test(lower)) return lower;
    return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(ODD, (letter) => PLAIN[letter]);
  }

  // What a query asks for: its words, and what stands in quotes as one term. A quote may still be open.
  function terms(query) {
    const found = [...fold(query).matchAll(/"([^"]*)"?|[^\s"]+/g)];
    return found.map(([all, phrase]) => (phrase ?? all).trim().replace(/\s+/g, " ")).filter(Boolean);
  }

  // For each letter of the folded text the place of the letter that it came from, and at last the text's length.
  function places(text) {
    const found = [];
    let at = 0;
    for (const letter of text) {
      for (let n = fold(letter).length; n > 0; n -= 1) found.push(at);
      at += letter.length;
    }
    return [...found, at];
  }

  // Where the terms stand in the text, as [start, end].
  function spans(text, folded, wanted) {
    const found = [], where = wanted.length ? places(text) : [];
    for (const term of wanted) {
      for (let start = folded.indexOf(term); start >= 0; start = folded.indexOf(term, start + term.length)) {
        let end = start + term.length;
        while (where[end] === where[end - 1]) end += 1; // half of a letter that folds to two
        found.push([where[start], where[end]]);
      }
    }
    return found;
  }

  return { fold, terms, spans };
})();

// A file's bytes to text: its byte-order mark, else UTF-8 if it is that, else windows-1252, which most older files are.
const MARKS = [["utf-8", [0xef, 0xbb, 0xbf]], ["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];

// {text, encoding}; an Error where the bytes are no text.
export function decode(bytes) {
  const marked = MARKS.find(([, mark]) => mark.every((byte, i) => bytes[i] === byte));
  if (marked) return { text: new TextDecoder(marked[0]).decode(bytes), encoding: marked[0] };
  if (bytes.subarray(0, 4096).includes(0)) throw new Error("The file is binary, not text; save the article as .txt or .html.");
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "utf-8" };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), encoding: "windows-1252" };
  }
}

// Calls `take` with a file dropped anywhere, while `cover` shows that it may be; text dragged onto the page is left to it.
export function listenToDrops(cover, take) {
  let inside = 0;
  const listen = (kind, act) => addEventListener(kind, (event) => { if (event.dataTransfer?.types.includes("Files")) act(event); });
  listen("dragenter", (event) => { event.preventDefault(); inside += 1; cover(true); });
  listen("dragleave", () => { inside -= 1; cover(inside > 0); });
  listen("dragover", (event) => event.preventDefault());
  listen("drop", (event) => {
    event.preventDefault();
    inside = 0;
    cover(false);
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
}

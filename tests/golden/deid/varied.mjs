// Our own labelled texts, varied.txt and varied_none.txt, as the gold lines that consilium deid score reads.
//   node tests/golden/deid/varied.mjs [first|second] > gold.jsonl      texts of odd or of even number alone
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const texts = (file) => readFileSync(path.join(folder, file), 'utf8').trimEnd().split(/\n---\n/);

// "[[NAME Ann]] left" is the text "Ann left" and one span; offsets are in code points.
function labelled(marked) {
  const spans = [];
  let text = '', at = 0;
  for (const mark of marked.matchAll(/\[\[([A-Z_]+) ([^\]]+)\]\]/g)) {
    text += marked.slice(at, mark.index);
    const start = [...text].length;
    text += mark[2];
    spans.push({ start, end: [...text].length, label: mark[1], safe_harbor: 'yes' });
    at = mark.index + mark[0].length;
  }
  return { text: text + marked.slice(at), spans };
}

export function varied(part) {
  const rows = [...texts('varied.txt'), ...texts('varied_none.txt')].map((marked, i) => {
    const { text, spans } = labelled(marked);
    return { id: `varied-${i + 1}`, text, spans, ...(spans.length === 0 && { hard_negative: true }) };
  });
  return rows.filter((_, i) => !part || (i % 2 === 0) === (part === 'first'));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) for (const row of varied(process.argv[2])) console.log(JSON.stringify(row));

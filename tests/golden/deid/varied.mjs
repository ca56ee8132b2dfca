// Our own labelled texts as the gold lines that consilium deid score reads.
//   node tests/golden/deid/varied.mjs [first|second|third|fourth|fifth|sixth] > gold.jsonl
// First and second: the texts of odd and of even number of varied.txt and varied_none.txt; third and fourth: of varied_more.txt and varied_more_none.txt;
// fifth and sixth: of varied_late.txt and varied_late_none.txt.
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

function rowsOf(set, files) {
  return files.flatMap(texts).map((marked, i) => {
    const { text, spans } = labelled(marked);
    return { id: `${set}-${i + 1}`, text, spans, ...(spans.length === 0 && { hard_negative: true }) };
  });
}

export function varied(part) {
  const old = rowsOf('varied', ['varied.txt', 'varied_none.txt']), more = rowsOf('more', ['varied_more.txt', 'varied_more_none.txt']),
    late = rowsOf('late', ['varied_late.txt', 'varied_late_none.txt']);
  const half = (rows, which) => rows.filter((_, i) => i % 2 === which);
  return { first: half(old, 0), second: half(old, 1), third: half(more, 0), fourth: half(more, 1),
    fifth: half(late, 0), sixth: half(late, 1) }[part] ?? [...old, ...more, ...late];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) for (const row of varied(process.argv[2])) console.log(JSON.stringify(row));

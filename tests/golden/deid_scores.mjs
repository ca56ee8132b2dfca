// The development sets' scores in one table, each beside its goal: consilium deid score on every set, its JSON read here.
//   node tests/golden/deid_scores.mjs [path of consilium] [folder of the sets]
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { varied } from './deid/varied.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const program = process.argv[2] ?? path.join(root, 'build/release/bin/consilium');
const folder = process.argv[3] ?? path.join(process.env.CONSILIUM_DATA ?? path.join(root, '../shared/data'), 'deid');

async function score(set, ...flags) {
  const { stdout } = await promisify(execFile)(program, ['deid', 'score', '--json', ...flags, path.isAbsolute(set) ? set : path.join(folder, `${set}.jsonl`)],
    { maxBuffer: 1 << 26 });
  return JSON.parse(stdout);
}

// The recall of several labels as one.
function recallOf(report, labels) {
  let n = 0, gone = 0;
  for (const row of report.labels.filter((row) => labels.includes(row.label) && row.wholly)) {
    n += row.go.n;
    gone += Math.round(row.wholly[0] * row.go.n);
  }
  return wilson(gone, n);
}

function wilson(hits, n) {
  if (n === 0) return null;
  const z = 1.959963984540054, p = hits / n, c = (p + z * z / (2 * n)) / (1 + z * z / n);
  const h = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return [p, Math.max(0, c - h), Math.min(1, c + h)];
}

const stay = (report) => {
  const rows = report.labels.filter((row) => row.stay.n > 0);
  return wilson(rows.reduce((sum, row) => sum + row.stay.touched, 0), rows.reduce((sum, row) => sum + row.stay.n, 0));
};

const rows = [];
const add = (set, what, share, goal) => rows.push({ set, what, share, goal });

async function fill() {
  const asq = await score('asq_phi');
  add('ASQ-PHI', 'wholly removed', asq.all.wholly.recall, '>= 99.5');
  add('', 'tokens removed', asq.all.token.recall, '');
  add('', 'precision of spans', asq.all.overlap.precision, '');
  add('', 'hard negatives touched', asq.hard_negatives.share, '<= 5');

  const notes = await score('clinical_notes_reviewed');
  add('reviewed notes', 'wholly removed', notes.all.wholly.recall, '>= 99');
  add('', 'precision of spans', notes.all.overlap.precision, '>= 97');
  add('', 'precision of tokens', notes.all.token.precision, '');

  const known = await score('clinic_notes_with_patient');
  const names = ['NAME_PATIENT', 'NAME_PROVIDER'];
  add('clinic notes, patient known', 'patient names', recallOf(known, ['NAME_PATIENT']), '100');
  add('', 'all names', recallOf(known, names), '>= 99.5');
  add('', 'traps touched', known.traps.share, '<= 2');
  add('', 'wholly removed, all labels', known.all.wholly.recall, '');
  add('', 'precision of spans', known.all.overlap.precision, '');

  const blind = await score('clinic_notes_with_patient', '--blind');
  add('clinic notes, not known', 'all names', recallOf(blind, names), '>= 97');
  add('', 'traps touched', blind.traps.share, '');

  const presidio = await score('presidio_sentences'), eighteen = await score('presidio_sentences', '--classes=eighteen');
  add("Presidio's sentences", 'F2, its span rule as described', presidio.all.share.f2, '>= 92');
  add('', 'F2, its span rule as its code has it', presidio.all.joined.f2, '>= 92');
  add('', 'recall, as described', presidio.all.share.recall, '');
  add('', 'precision, as described', presidio.all.share.precision, '');
  add('', 'wholly removed, of the eighteen', presidio.all.wholly.recall, '');
  add('--classes=eighteen', 'F2, its span rule as described', eighteen.all.share.f2, '');
  add('', 'F2, its span rule as its code has it', eighteen.all.joined.f2, '');

  for (const [set, name, goal] of [['pii_anon_clinical', 'pii-anon, clinical', '>= 99.9'],
    ['pii_anon_adversarial', 'pii-anon, adversarial', '>= 99']]) {
    const report = await score(set, '--recall-only');
    add(name, 'wholly removed', report.all.wholly.recall, goal);
    if (stay(report)) add('', 'conditions, drugs, procedures touched', stay(report), '');
  }
}

// Our own texts: rules were mended from the first half of them; the second was only scored.
async function fillVaried() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'varied-'));
  for (const [part, name] of [['first', 'our texts, first half'], ['second', 'our texts, second half'],
    ['third', 'more texts, first half'], ['fourth', 'more texts, second half'],
    ['fifth', 'late texts, first half'], ['sixth', 'late texts, second half']]) {
    const file = path.join(scratch, 'gold.jsonl');
    writeFileSync(file, varied(part).map((row) => JSON.stringify(row) + '\n').join(''));
    const report = await score(file);
    add(name, 'wholly removed', report.all.wholly.recall, '');
    add('', 'precision of spans', report.all.overlap.precision, '');
    add('', 'texts without an identifier touched', report.hard_negatives.share, '');
  }
  rmSync(scratch, { recursive: true });
}

function print() {
  const percent = (share) => (100 * share).toFixed(2).padStart(6);

  console.log(`${'set'.padEnd(30)} ${'measure'.padEnd(38)}      %  95 %              goal`);
  for (const { set, what, share, goal } of rows) {
    const met = !goal || !share ? '' : goal.startsWith('<=') ? share[0] * 100 <= Number(goal.slice(3)) : share[0] * 100 >= Number(goal.replace('>= ', '')) - 1e-9;
    const interval = share ? `${percent(share[0])}  [${percent(share[1])} ${percent(share[2])}]` : '     -';
    console.log(`${set.padEnd(30)} ${what.padEnd(38)} ${interval}  ${goal.padEnd(8)}${met === '' ? '' : met ? 'met' : 'NOT met'}`.trimEnd());
  }
}

if (existsSync(path.join(folder, 'asq_phi.jsonl'))) await fill();
else console.log(`skipped: no development sets in ${folder}`);
await fillVaried();
print();

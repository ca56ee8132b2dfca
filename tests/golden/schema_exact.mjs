// Our grammars of JSON Schemas beside JSON-Schema-Test-Suite and beside ajv: see schema_exact.sh.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

const [program, suite, walks = '20'] = process.argv.slice(2);
const require = createRequire(path.join(process.cwd(), 'package.json'));
const addFormats = require('ajv-formats');
const drafts = { 'draft2020-12': require('ajv/dist/2020'), draft7: require('ajv') };

// One program for all questions, in order.
const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = [];
readline.createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()(JSON.parse(line)));
child.on('exit', (code) => { if (waiting.length) { console.error(`the program has ended: ${code}`); process.exit(2); } });
const ask = (question) => new Promise((resolve) => { waiting.push(resolve); child.stdin.write(JSON.stringify(question) + '\n'); });

// A value in all orders of its members, as far as they are few: ours wants one of them.
function orders(value, limit = 200) {
  if (Array.isArray(value)) return combine(value.map((item) => orders(item, 24)), limit).map((items) => items);
  if (value === null || typeof value !== 'object') return [value];
  const keys = Object.keys(value);
  const all = keys.length > 5 ? [keys] : permutations(keys);
  const values = new Map(keys.map((key) => [key, orders(value[key], 24)]));
  return all.flatMap((order) => combine(order.map((key) => values.get(key)), limit).map((items) => new Members(order.map((key, i) => [key, items[i]])))).slice(0, limit);
}
class Members { constructor(pairs) { this.pairs = pairs; } } // keys like "1" would be moved to the front
const write = (value) => value instanceof Members ? `{${value.pairs.map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`).join(',')}}`
  : Array.isArray(value) ? `[${value.map(write).join(',')}]` : JSON.stringify(value);
const permutations = (list) => list.length < 2 ? [list] : list.flatMap((item, i) => permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [item, ...rest]));
function combine(lists, limit) {
  let all = [[]];
  for (const list of lists) all = all.flatMap((head) => list.map((item) => [...head, item])).slice(0, limit);
  return all;
}

function validator(draft, schema) {
  try {
    const ajv = new drafts[draft].default({ strict: false, multipleOfPrecision: 9, ownProperties: true, logger: false });
    addFormats.default(ajv);
    return ajv.compile(schema);
  } catch { return null; }
}

const rows = new Map();
const wrong = [];
function row(name) {
  if (!rows.has(name)) rows.set(name, { schemas: 0, refused: 0, valid: 0, accepted: 0, invalid: 0, kept: 0, walked: 0, right: 0, why: new Map() });
  return rows.get(name);
}

async function check(draft, name, group) {
  if (draft === 'draft7' && typeof group.schema === 'object') group.schema.$schema ??= 'http://json-schema.org/draft-07/schema#';
  const counts = row(name);
  const texts = group.tests.map(({ data }) => orders(data).map(write));
  const { status, error, accepted, walked } = await ask({ schema: group.schema, texts: texts.flat(), walks: Number(walks), seed: counts.schemas });
  counts.schemas++;
  if (status !== 'OK') {
    const none = group.tests.every((test) => !test.valid);
    counts.refused++;
    counts.why.set(error, (counts.why.get(error) ?? 0) + 1);
    if (none !== /no text|nothing/.test(error) && none) wrong.push(`${name}: ${group.description}: ${error}`);
    return;
  }
  let at = 0;
  group.tests.forEach((test, i) => {
    const is = accepted.slice(at, at += texts[i].length).some(Boolean);
    if (test.valid) { counts.valid++; counts.accepted += is; } else { counts.invalid++; counts.kept += !is; }
    if (test.valid !== is) wrong.push(`${name}: ${group.description}: ${test.description}: ${test.valid ? 'valid, and not taken' : 'INVALID, AND TAKEN'}: ${JSON.stringify(test.data).slice(0, 100)}`);
  });
  const validate = validator(draft, group.schema);
  if (validate === null) return;
  for (const text of walked) {
    counts.walked++;
    let is = false;
    try { is = validate(JSON.parse(text)); } catch (failure) { wrong.push(`${name}: ${failure.message}`); }
    counts.right += is;
    if (!is) wrong.push(`${name}: ${group.description}: SAID, AND NOT VALID: ${text.slice(0, 200)} ${JSON.stringify(group.schema).slice(0, 200)}`);
  }
}

for (const draft of Object.keys(drafts)) {
  for (const folder of ['', 'optional/format']) {
    const files = fs.readdirSync(path.join(suite, 'tests', draft, folder)).filter((file) => file.endsWith('.json')).sort();
    for (const file of files) {
      if (file === 'format.json' && folder === '') continue; // there formats only tell: ours hold
      const groups = JSON.parse(fs.readFileSync(path.join(suite, 'tests', draft, folder, file)));
      for (const group of groups) await check(draft, `${draft} ${path.join(folder, file)}`, group);
    }
  }
}
const extra = path.join(path.dirname(new URL(import.meta.url).pathname), 'schema_samples.json');
for (const group of JSON.parse(fs.readFileSync(extra))) await check('draft2020-12', 'samples', group);
child.stdin.end();

const sum = (key, filter = () => true) => [...rows].filter(([name]) => filter(name)).reduce((total, [, counts]) => total + counts[key], 0);
if (process.env.WRONG) for (const line of wrong) console.log(line);
if (process.env.WHY) for (const [name, { why }] of rows) for (const [error, count] of why) console.log(`${name}: ${count}: ${error}`);
console.log('| | schemas | refused | valid, taken | invalid, not taken | said, valid by ajv |\n|---|---|---|---|---|---|');
const line = (name, filter) => console.log(`| ${name} | ${sum('schemas', filter)} | ${sum('refused', filter)} | ${sum('accepted', filter)} of ${sum('valid', filter)} | ${sum('kept', filter)} of ${sum('invalid', filter)} | ${sum('right', filter)} of ${sum('walked', filter)} |`);
if (process.env.ROWS) for (const name of rows.keys()) line(name, (other) => other === name);
line('draft 2020-12', (name) => name.startsWith('draft2020-12') && !name.includes('optional'));
line('its formats', (name) => name.startsWith('draft2020-12 optional'));
line('draft 7', (name) => name.startsWith('draft7') && !name.includes('optional'));
line('its formats', (name) => name.startsWith('draft7 optional'));
line('samples', (name) => name === 'samples');
process.exit(sum('kept') === sum('invalid') && sum('right') === sum('walked') ? 0 : 1);

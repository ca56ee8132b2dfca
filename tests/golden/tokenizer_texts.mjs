// The texts of tokenizer_exact.sh, in one file: each is its size (four bytes, little-endian) and its bytes.
//
//     node tokenizer_texts.mjs FILE DATA MEGABYTES
//
// Some forty megabytes are made here: every code point, runs, noise, scripts, hazards. The rest are windows of the archives under DATA, taken from
// all over them. No text comes twice, and no line of forty characters or more of an archive does.
import fs from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

const [path, data, megabytes] = process.argv.slice(2);
const out = fs.openSync(`${path}.part`, 'w');

// What some family cuts out as a special piece is not compared: ours takes it for text, and is right to.
const SPECIAL = /<\|[^|>]*\|>|<\/?s>|<unk>|<pad>|<eos>|<bos>|<mask>|\[(?:UNK|CLS|SEP|PAD|MASK|multimodal)\]|<(?:start|end)_of_(?:turn|image)>|<image_soft_token>|\0/;

let bytes = 0, count = 0;
const seen = new Set();
const isNew = (text) => {
  const key = createHash('md5').update(text).digest('latin1').slice(0, 8);
  return seen.has(key) ? false : seen.add(key);
};
function put(text) {
  text = text.toWellFormed();
  if (text === '' || SPECIAL.test(text) || !isNew(text)) return 0;
  const body = Buffer.from(text), size = Buffer.alloc(4);
  size.writeUInt32LE(body.length);
  fs.writeSync(out, Buffer.concat([size, body]));
  bytes += body.length; count++;
  return body.length;
}

// Made here --------------------------------------------------------------------------------------
let state = 1;
const next = (n) => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return Math.floor(state / 2 ** 32 * n); };
const pick = (list) => list[next(list.length)];
const point = (low, high) => { const p = low + next(high - low); return p >= 0xd800 && p < 0xe000 ? 'x' : String.fromCodePoint(p); };

const RANGES = [[0x20, 0x7f], [0x20, 0x7f], [0xa0, 0x250], [0x250, 0x300], [0x300, 0x370], [0x370, 0x600], [0x600, 0x900], [0x900, 0xe80], [0x1000, 0x1e00], [0x1e00, 0x2000],
  [0x2000, 0x2070], [0x2070, 0x2c00], [0x3000, 0x3400], [0x4e00, 0x9fff], [0xa000, 0xac00], [0xac00, 0xd7a3], [0xe000, 0xe100], [0xf900, 0xfffe], [0x10000, 0x12000],
  [0x1d400, 0x1d800], [0x1f000, 0x1fb00], [0x20000, 0x2a700], [0xe0000, 0xe0200], [1, 0x20]];
const HAZARDS = [' ', '  ', '    ', '\n', '\r\n', '\n\n ', '\t', "'s", "'LL", "'Re", "'ve", "''s", '12345', ' 7', 'mg/dL', '...', ' \n\n\n', ').\n/', '\u00a0', '\u3000', '\u0085', "'\u017f",
  'e\u0301', 'A\u030a', '\u212b', '\u1100\u1161\u11a8', 'q\u0323\u0307', '\u2581', '\u2581\u2581', '\u2581 \u2581', 'don\'t', 'I\'D\'VE', 'HbA1c', '\u200d', '\ufe0f', '\u0130', '\u1e9e', '\u03a3\u03c2',
  '\ufeff', '\u00ad', '<0x41>', '\ufb01', '\ud55c', '##ing', ' Japon', 'Histoplasmosis', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{1f1e9}\u{1f1ea}'];

// Mixed scripts with what borders hang on between them.
function mixed() {
  let text = '';
  for (let i = 0, n = 20 + next(300); i < n; i++) text += next(3) === 0 ? pick(HAZARDS) : point(...pick(RANGES));
  return text;
}

// Words of one script at a time, as sentences of that language look.
function script() {
  const scripts = [[0x61, 0x7a], [0xe0, 0xff], [0x3b1, 0x3c9], [0x430, 0x44f], [0x561, 0x586], [0x5d0, 0x5ea], [0x621, 0x64a], [0x905, 0x939], [0x985, 0x9b9],
    [0xb85, 0xbb9], [0xe01, 0xe2e], [0x10d0, 0x10f0], [0x1200, 0x1240], [0x1780, 0x17b3], [0x3041, 0x3096], [0x30a1, 0x30fa], [0x4e00, 0x5fff], [0xac00, 0xb000], [0x1e00, 0x1eff]];
  const marks = [[0x300, 0x330], [0x64b, 0x652], [0x93e, 0x94d], [0xe31, 0xe3a]];
  const letters = pick(scripts);
  let text = '';
  for (let i = 0, n = 20 + next(200); i < n; i++) {
    for (let k = 0, m = 1 + next(9); k < m; k++) text += point(...letters) + (next(9) === 0 ? point(...pick(marks)) : '');
    text += pick([' ', ' ', ' ', ' ', ', ', '. ', '\n', ' (', ') ', '\u3002', ' 12 ', '-', '\u060c ']);
  }
  return text;
}

// Syllables make words that no list has.
function prose() {
  const parts = 'hepat cardi nephr oste arthr gastr neur pulmon derm haem cyt lymph itis osis emia ectomy opathy algia ology gram scopy plasty metfor lisino prazole statin cillin mycin olol sartan'.split(' ');
  const words = 'HbA1c 8.2% 1.4 mg/dL 500mg b.i.d. Assessment: Plan: eGFR>60 q6h PRN "stable" (improved), don\'t We\'ll 2024-03-17T09:30:00Z {"resourceType":"Observation","valueQuantity":{"value":7.4}} µg/kg 37°C naïve Müller 患者 اليوم https://example.org/fhir/Patient/1?x=%20 XMLHttpRequest snake_case_name'.split(' ');
  let text = '';
  for (let i = 0, n = 50 + next(400); i < n; i++) {
    let word = next(4) === 0 ? pick(words) : pick(parts) + pick(['', 'o', 'i', 'a']) + pick(parts);
    if (next(6) === 0) word = word[0].toUpperCase() + word.slice(1);
    if (next(30) === 0) word = word.toUpperCase();
    text += word + pick([' ', ' ', ' ', '\n', '  ', '\n\n', ', ', '\t', '', '\r\n', '    ', '-', '/']) + (next(9) === 0 ? next(100000) / pick([1, 10, 1000]) : '');
  }
  return text;
}

// Long runs: the reference is slow on them, so they are of some kilobytes.
function* runs() {
  const kinds = ['a', ' ', '\n', '\t', '\u0301', '\u{1f600}', '中', '1', '-', "'", '\u00a0', 'ab', 'abc', '\r\n', ' \n', 'e\u0301', '\u2581', 'é', '=', '/', '\u{1f469}\u200d', 'A', 'ss', 'th', ' a', '\u2581a'];
  const sizes = [1, 2, 3, 5, 8, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1000, 5000];
  for (const kind of kinds) for (const n of sizes) { yield kind.repeat(n); yield 'x' + kind.repeat(n) + 'y'; yield kind.repeat(n) + 'b'; }
  const letters = (set, n) => Array.from({ length: n }, () => pick(set)).join('');
  for (let i = 0; i < 60; i++) {
    const n = 50 + next(8000);
    yield letters('abcdefghijklmnopqrstuvwxyz', n);
    yield letters('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', n);
    yield letters('etaoinsrhld', n);
    yield letters('ab', n);
    yield letters('a ', n);
    yield letters(' \n\t\r', n);
    yield letters('0123456789', n);
    yield letters('!@#$%^&*()-_=+[]{};:.,<>/?', n);
    yield letters(['a'.repeat(7), 'aa', 'b', 'a'.repeat(30)], n / 8);
    yield Array.from({ length: n / 3 }, () => point(0x4e00, 0x9fff)).join('');
    yield Array.from({ length: n / 3 }, () => point(0xac00, 0xd7a3)).join('');
    yield Array.from({ length: n / 3 }, () => point(0x300, 0x370)).join('');
    yield Array.from({ length: n / 3 }, () => point(0x1f300, 0x1f6ff)).join('');
    yield Array.from({ length: n / 3 }, () => point(1, 0x10ffff)).join('');
  }
}

// Every code point, between letters and between blanks; of planes that hold nothing, a part.
function* points() {
  for (let from = 1; from < 0x110000; from += 256) {
    if (from > 0x32000 && (from < 0xe0000 || from > 0xe1000) && (from >> 8) % 16 !== 0) continue;
    let words = '', blanks = '';
    for (let p = from; p < from + 256 && p < 0x110000; p++) {
      if (p >= 0xd800 && p < 0xe000) continue;
      const c = String.fromCodePoint(p);
      words += `${c}a${c}B1${c}1`; blanks += ` ${c} ${c}${c}\n`;
    }
    yield words; yield blanks;
  }
}

function some(limit, make) {
  for (let made = 0; made < limit;) made += put(make());
}

for (const text of points()) put(text);
for (const text of runs()) put(text);
some(14e6, mixed);
some(8e6, script);
some(6e6, prose);
console.log(`made: ${count} texts, ${(bytes / 1e6).toFixed(1)} MB`);

// Archives ---------------------------------------------------------------------------------------
const READ_MAX = 240e6;

function read(file) {
  const command = /\.tar\.xz$/.test(file) ? 'tar -xJOf "$0" 2>/dev/null | head -c "$1"' : /\.xz$/.test(file) ? 'xz -dc "$0" | head -c "$1"' : 'head -c "$1" "$0"';
  return execFileSync('sh', ['-c', command, file, String(READ_MAX)], { maxBuffer: READ_MAX + 1 });
}

// Windows of up to 20 KB, from all over the file, of @limit bytes in all.
function windows(file, limit) {
  const body = read(file), sizes = [300, 4096, 4096, 20000, 1500];
  const step = Math.max(1, body.length / limit);
  let made = 0;
  for (let at = 0, i = 0; at < body.length && made < limit; i++) {
    const size = sizes[i % sizes.length];
    const lines = body.subarray(at, at + size).toString('utf8').replace(/^\ufffd+|\ufffd+$/g, '').split('\n');
    made += put(lines.filter((line) => line.length < 40 || isNew(line)).join('\n'));
    at += Math.ceil(size * step);
  }
  return made;
}

function* files(folder) {
  for (const entry of fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : []) {
    if (entry.isDirectory()) yield* files(`${folder}/${entry.name}`);
    else if (/\.(xz|jsonl?|ndjson)$/.test(entry.name)) yield `${folder}/${entry.name}`;
  }
}

const found = [...files(data)].sort(), sizes = new Map(found.map((file) => [file, fs.statSync(file).size]));
// Small files whole, the largest share what is left.
for (let left = Math.max(0, Number(megabytes) * 1e6 - bytes), rest = found.sort((a, b) => sizes.get(a) - sizes.get(b)); rest.length > 0; rest = rest.slice(1)) {
  const made = windows(rest[0], left / rest.length);
  left -= made;
  console.log(`${rest[0].slice(data.length + 1)}: ${(made / 1e6).toFixed(1)} MB`);
}
fs.closeSync(out);
fs.renameSync(`${path}.part`, path);
console.log(`${count} texts, ${(bytes / 1e6).toFixed(1)} MB`);

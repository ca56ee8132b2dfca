// A tokenizer.json as GGUF metadata, and back: what tokenizer_exact.mjs needs of the two formats.
import fs from 'node:fs';

const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const string = (s) => { const b = Buffer.from(s); return Buffer.concat([u64(b.length), b]); };
const strings = (key, values) => [string(key), u32(9), u32(8), u64(values.length), ...values.map(string)];

// @pre null: SentencePiece BPE without a blank before the text (Gemma).
export function writeGguf(file, json, pre) {
  const pieces = [], types = [];
  for (const [text, id] of Object.entries(json.model.vocab)) { pieces[id] = text; types[id] = pre === null && /^<0x[0-9A-F]{2}>$/.test(text) ? 6 : 1; }
  for (const added of json.added_tokens) { pieces[added.id] = added.content; types[added.id] = added.special ? 3 : 4; }
  for (let i = 0; i < pieces.length; i++) { if (pieces[i] === undefined) { pieces[i] = `[unused${i}]`; types[i] = 5; } }
  const merges = json.model.merges.map((m) => (Array.isArray(m) ? m.join(' ') : m));
  const typeBytes = Buffer.alloc(types.length * 4);
  types.forEach((t, i) => typeBytes.writeInt32LE(t, i * 4));
  fs.writeFileSync(file, Buffer.concat([
    Buffer.from('GGUF'), u32(3), u64(0), u64(6),
    string('tokenizer.ggml.model'), u32(8), string(pre === null ? 'llama' : 'gpt2'),
    string('tokenizer.ggml.pre'), u32(8), string(pre ?? 'default'),
    string('tokenizer.ggml.add_space_prefix'), u32(7), Buffer.from([0]),
    ...strings('tokenizer.ggml.tokens', pieces),
    string('tokenizer.ggml.token_type'), u32(9), u32(5), u64(types.length), typeBytes,
    ...strings('tokenizer.ggml.merges', merges)]));
}

// Tokens, scores, types and merges of a vocabulary's file.
export function readGguf(path) {
  const data = fs.readFileSync(path), found = {};
  let at = 8;
  const next64 = () => { const n = Number(data.readBigUInt64LE(at)); at += 8; return n; };
  const text = () => { const n = next64(), s = data.toString('utf8', at, at + n); at += n; return s; };
  const sizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
  const value = (type) => {
    if (type === 8) return text();
    if (type === 9) { const kind = data.readUInt32LE(at); at += 4; const n = next64(); return Array.from({ length: n }, () => value(kind)); }
    const v = type === 6 ? data.readFloatLE(at) : type === 5 ? data.readInt32LE(at) : data[at];
    at += sizes[type];
    return v;
  };
  next64();
  for (let n = next64(); n > 0; n--) { const key = text(), type = data.readUInt32LE(at); at += 4; found[key] = value(type); }
  const get = (key) => found[`tokenizer.ggml.${key}`];
  return { tokens: get('tokens'), scores: get('scores'), types: get('token_type'), merges: get('merges') };
}

// SentencePiece BPE as Hugging Face converts it: merges are all ways to cut a piece in two, by the score of the piece.
export function spmJson({ tokens, scores, types }) {
  const vocab = Object.fromEntries(tokens.map((t, i) => [t, i])), merges = [];
  const normal = tokens.map((t, i) => i).filter((i) => types[i] === 1);
  for (const id of normal) {
    const points = [...tokens[id]];
    for (let k = 1; k < points.length; k++) {
      const left = points.slice(0, k).join(''), right = points.slice(k).join('');
      if (types[vocab[left]] === 1 && types[vocab[right]] === 1) merges.push([left, right, scores[id], vocab[left], vocab[right]]);
    }
  }
  merges.sort((a, b) => b[2] - a[2] || a[3] - b[3] || a[4] - b[4]);
  return { version: '1.0', truncation: null, padding: null,
    added_tokens: tokens.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })).filter((t) => types[t.id] === 3 || types[t.id] === 2),
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] },
    pre_tokenizer: null, post_processor: null, decoder: null,
    model: { type: 'BPE', dropout: null, unk_token: '<unk>', continuing_subword_prefix: null, end_of_word_suffix: null, fuse_unk: true, byte_fallback: true, vocab, merges: merges.map((m) => [m[0], m[1]]) } };
}

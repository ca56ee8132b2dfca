// A small encoder of random weights with a WordPiece vocabulary, as a GGUF file: what embeddings by HTTP are tested with. The
// numbers mean nothing, but the same text gives the same ones.
'use strict';
const fs = require('node:fs');

const WIDTH = 64, INNER = 96, CONTEXT = 128, LAYERS = 2;
const TYPE = { u32: 4, f32: 6, bool: 7, string: 8, array: 9 };

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,?!-'];
const WORDS = ['fever', 'cough', 'patient', 'the', 'has', 'is', 'diabetes', 'allergic', 'to', 'penicillin', 'name', 'date'];
// GGUF marks the first piece of a word by U+2581; the others go without.
const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters.map((c) => `\u2581${c}`), '\u2581[', '\u2581]', ...letters,
  ...WORDS.map((w) => `\u2581${w}`)];

class Writer {
  chunks = [];
  u32(n) { const b = Buffer.alloc(4); b.writeUInt32LE(n); this.chunks.push(b); return this; }
  u64(n) { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); this.chunks.push(b); return this; }
  f32(n) { const b = Buffer.alloc(4); b.writeFloatLE(n); this.chunks.push(b); return this; }
  string(s) { const b = Buffer.from(s); this.u64(b.length).chunks.push(b); return this; }
  get size() { return this.chunks.reduce((sum, c) => sum + c.length, 0); }
  pad(to) { const rest = this.size % to; if (rest) this.chunks.push(Buffer.alloc(to - rest)); return this; }
}

function keys() {
  const u32 = (key, n) => [key, (w) => w.u32(TYPE.u32).u32(n)];
  const string = (key, s) => [key, (w) => w.u32(TYPE.string).string(s)];
  const list = (key, type, values, put) => [key, (w) => {
    w.u32(TYPE.array).u32(type).u64(values.length);
    for (const value of values) put(w, value);
  }];
  return [
    string('general.architecture', 'bert'), string('general.name', 'test-encoder'),
    u32('bert.block_count', LAYERS), u32('bert.context_length', CONTEXT), u32('bert.embedding_length', WIDTH),
    u32('bert.feed_forward_length', INNER), u32('bert.attention.head_count', 4), u32('bert.pooling_type', 1),
    ['bert.attention.layer_norm_epsilon', (w) => w.u32(TYPE.f32).f32(1e-5)],
    ['bert.attention.causal', (w) => { w.u32(TYPE.bool).chunks.push(Buffer.from([0])); }],
    string('tokenizer.ggml.model', 'bert'),
    list('tokenizer.ggml.tokens', TYPE.string, PIECES, (w, s) => w.string(s)),
    list('tokenizer.ggml.token_type', 5, PIECES, (w, s) => w.u32(/^\[[A-Z]+\]$/.test(s) ? 3 : 1)),
    u32('tokenizer.ggml.padding_token_id', 0), u32('tokenizer.ggml.unknown_token_id', 1),
    u32('tokenizer.ggml.cls_token_id', 2), u32('tokenizer.ggml.bos_token_id', 2),
    u32('tokenizer.ggml.seperator_token_id', 3), u32('tokenizer.ggml.eos_token_id', 3), u32('tokenizer.ggml.mask_token_id', 4),
  ];
}

function tensors() {
  const all = [['token_embd.weight', WIDTH, PIECES.length], ['token_types.weight', WIDTH, 2], ['token_embd_norm.weight', WIDTH],
    ['token_embd_norm.bias', WIDTH], ['position_embd.weight', WIDTH, CONTEXT]];
  for (let layer = 0; layer < LAYERS; layer++) {
    const add = (name, ...shape) => all.push([`blk.${layer}.${name}`, ...shape]);
    for (const part of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) {
      add(`${part}.weight`, WIDTH, WIDTH);
      add(`${part}.bias`, WIDTH);
    }
    for (const part of ['attn_output_norm', 'layer_output_norm']) {
      add(`${part}.weight`, WIDTH);
      add(`${part}.bias`, WIDTH);
    }
    add('ffn_up.weight', WIDTH, INNER);
    add('ffn_up.bias', INNER);
    add('ffn_down.weight', INNER, WIDTH);
    add('ffn_down.bias', WIDTH);
  }
  return all;
}

function write(path) {
  const all = tensors(), metadata = keys(), head = new Writer(), data = new Writer();
  let seed = 7;
  const random = () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed / 2 ** 31 - 1; };
  head.chunks.push(Buffer.from('GGUF'));
  head.u32(3).u64(all.length).u64(metadata.length);
  for (const [key, put] of metadata) put(head.string(key));
  for (const [name, columns, rows] of all) {
    const count = columns * (rows ?? 1), values = Buffer.alloc(4 * count);
    head.string(name).u32(rows ? 2 : 1).u64(columns);
    if (rows) head.u64(rows);
    head.u32(0).u64(data.size);
    for (let i = 0; i < count; i++) values.writeFloatLE((name.endsWith('norm.weight') ? 1 : 0) + 0.3 * random(), 4 * i);
    data.chunks.push(values);
    data.pad(32);
  }
  fs.writeFileSync(path, Buffer.concat([...head.pad(32).chunks, ...data.chunks]));
}

module.exports = { write, PIECES, WIDTH, CONTEXT };

// A small encoder of random weights with a WordPiece vocabulary, as a GGUF file: what embeddings by HTTP are tested with. The
// numbers mean nothing, but the same text gives the same ones.
'use strict';
const { TYPE, u32, f32, string, list, write: writeFile, randoms } = require('../mesh/gguf');

const WIDTH = 64, INNER = 96, CONTEXT = 128, LAYERS = 2;

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,?!-'];
const WORDS = ['fever', 'cough', 'patient', 'the', 'has', 'is', 'diabetes', 'allergic', 'to', 'penicillin', 'name', 'date'];
// GGUF marks the first piece of a word by U+2581; the others go without.
const PIECES = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...letters.map((c) => `\u2581${c}`), '\u2581[', '\u2581]', ...letters,
  ...WORDS.map((w) => `\u2581${w}`)];

function keys() {
  return [
    string('general.architecture', 'bert'), string('general.name', 'test-encoder'),
    u32('bert.block_count', LAYERS), u32('bert.context_length', CONTEXT), u32('bert.embedding_length', WIDTH),
    u32('bert.feed_forward_length', INNER), u32('bert.attention.head_count', 4), u32('bert.pooling_type', 1),
    f32('bert.attention.layer_norm_epsilon', 1e-5),
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
  const random = randoms(7);
  writeFile(path, keys(), tensors(), (name) => (name.endsWith('norm.weight') ? 1 : 0) + 0.3 * random());
}

module.exports = { write, PIECES, WIDTH, CONTEXT };

// GGUF files, as far as tests need them: the shapes of one that is there, and new ones of float tensors.
'use strict';
const fs = require('node:fs');

const TYPE = { u32: 4, f32: 6, bool: 7, string: 8, array: 9 };
const BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

class Writer {
  chunks = [];
  u32(n) { const b = Buffer.alloc(4); b.writeUInt32LE(n); this.chunks.push(b); return this; }
  u64(n) { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); this.chunks.push(b); return this; }
  f32(n) { const b = Buffer.alloc(4); b.writeFloatLE(n); this.chunks.push(b); return this; }
  string(s) { const b = Buffer.from(s); this.u64(b.length).chunks.push(b); return this; }
  get size() { return this.chunks.reduce((sum, c) => sum + c.length, 0); }
  pad(to) { const rest = this.size % to; if (rest) this.chunks.push(Buffer.alloc(to - rest)); return this; }
}

const u32 = (key, n) => [key, (w) => w.u32(TYPE.u32).u32(n)];
const f32 = (key, n) => [key, (w) => w.u32(TYPE.f32).f32(n)];
const string = (key, s) => [key, (w) => w.u32(TYPE.string).string(s)];
const list = (key, type, values, put) => [key, (w) => {
  w.u32(TYPE.array).u32(type).u64(values.length);
  for (const value of values) put(w, value);
}];

// @metadata: of the above. @tensors: [name, columns, rows or nothing]; @value gives a tensor's next number.
function write(path, metadata, tensors, value) {
  const head = new Writer(), data = new Writer();
  head.chunks.push(Buffer.from('GGUF'));
  head.u32(3).u64(tensors.length).u64(metadata.length);
  for (const [key, put] of metadata) put(head.string(key));
  for (const [name, columns, rows] of tensors) {
    const count = columns * (rows ?? 1), values = Buffer.alloc(4 * count);
    head.string(name).u32(rows ? 2 : 1).u64(columns);
    if (rows) head.u64(rows);
    head.u32(0).u64(data.size);
    for (let i = 0; i < count; i++) values.writeFloatLE(value(name), 4 * i);
    data.chunks.push(values);
    data.pad(32);
  }
  fs.writeFileSync(path, Buffer.concat([...head.pad(32).chunks, ...data.chunks]));
}

// { architecture, tensors: { name: [columns, rows, …] } }
function read(path) {
  const bytes = fs.readFileSync(path), shapes = { tensors: {} };
  let at = 8;
  const n32 = () => bytes.readUInt32LE((at += 4) - 4);
  const n64 = () => Number(bytes.readBigUInt64LE((at += 8) - 8));
  const text = () => { const size = n64(); return bytes.toString('utf8', at, (at += size)); };
  const skip = (type) => {
    if (type === TYPE.string) return text();
    if (type !== TYPE.array) return void (at += BYTES[type]);
    const of = n32();
    for (let count = n64(); count > 0; count--) skip(of);
  };
  const tensors = n64(), keys = n64();
  for (let i = 0; i < keys; i++) {
    const key = text(), value = skip(n32());
    if (key === 'general.architecture') shapes.architecture = value;
  }
  for (let i = 0; i < tensors; i++) {
    const name = text();
    shapes.tensors[name] = Array.from({ length: n32() }, n64);
    at += 12;
  }
  return shapes;
}

// Numbers from -1 to 1, the same ones each time.
function randoms(seed) {
  return () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed / 2 ** 31 - 1; };
}

module.exports = { TYPE, u32, f32, string, list, write, read, randoms };

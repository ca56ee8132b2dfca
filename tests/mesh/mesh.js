// A mesh of real processes for tests: its own name, ports and folder, started and stopped by ./mesh.
'use strict';
const { execFile, execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const ROOT = path.resolve(__dirname, '../..');
const PROTO = path.join(ROOT, 'proto');
const OFFSETS = { gateway: 0, deid: 1, context: 2, tokenizer: 3, inference: 4, redis: 9 };
const HTTP_OFFSET = 5;
const LOADING = { keepCase: true, longs: Number, enums: String, bytes: Buffer, defaults: true, oneofs: true, includeDirs: [PROTO] };

const load = (file) => grpc.loadPackageDefinition(loader.loadSync(file, LOADING));

function portIsFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// The first of twenty free ports.
async function freePorts() {
  for (;;) {
    const first = 20000 + 20 * Math.floor(Math.random() * 600);
    const free = await Promise.all(Array.from({ length: 20 }, (_, i) => portIsFree(first + i)));
    if (free.every(Boolean)) return first;
  }
}

// What no log may hold: a sanitizer's report, a failed check.
const TROUBLE = /ERROR: \w*Sanitizer|runtime error|level=fatal|check_failed/;

// Folders of meshes; one that was never brought down is cleared away at the end.
const folders = [];
process.on('exit', () => {
  if (!process.env.KEEP_RUNS) for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

class Mesh {
  // Lines of the logs of every mesh that was taken down; run.js asks after each file.
  static troubles = [];

  static async create(extra = {}) {
    const mesh = new Mesh();
    mesh.credentials = grpc.credentials.createInsecure();
    mesh.first = await freePorts();
    mesh.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-test-'));
    folders.push(mesh.folder);
    mesh.env = {
      ...process.env,
      MESH_NAME: path.basename(mesh.folder),
      MESH_PORT: String(mesh.first),
      MESH_RUN: mesh.folder,
      NO_COLOR: '1',
      ...extra,
    };
    return mesh;
  }

  address(service) { return `127.0.0.1:${this.first + OFFSETS[service]}`; }
  admin(service) { return `http://127.0.0.1:${this.first + OFFSETS[service] + 10}`; }
  get http() { return `http://127.0.0.1:${this.first + HTTP_OFFSET}`; }
  log(service) { return path.join(this.folder, `${service}.log`); }
  pid(service) { return Number(fs.readFileSync(path.join(this.folder, `${service}.pid`), 'utf8')); }
  signal(service, signal) { process.kill(this.pid(service), signal); }

  // ./mesh VERB …: its exit status and what it printed.
  run(...words) { return this.exec(path.join(ROOT, 'mesh'), words); }

  exec(program, words, input) {
    return new Promise((resolve) => {
      const child = execFile(program, words, { env: this.env, cwd: ROOT, maxBuffer: 1 << 28 },
        (error, stdout, stderr) => resolve({ status: error ? error.code ?? 1 : 0, stdout, stderr }));
      if (input !== undefined) child.stdin.end(input);
      else child.stdin.end();
    });
  }

  get bin() { return this.env.MESH_BIN || path.join(ROOT, 'build/release/bin'); }
  get targets() {
    const more = (this.env.MESH_FLAGS_consilium ?? '').split(' ').filter(Boolean);
    return [...Object.keys(OFFSETS).filter((s) => s !== 'redis').map((s) => `--${s}=${this.address(s)}`), ...more];
  }

  // consilium VERB …, talking to this mesh.
  consilium(verb, ...words) { return this.exec(path.join(this.bin, 'consilium'), [verb, ...this.targets, ...words]); }
  consiliumWith(input, verb, ...words) {
    return this.exec(path.join(this.bin, 'consilium'), [verb, ...this.targets, ...words], input);
  }

  async up() {
    const result = await this.run('up');
    if (result.status !== 0) throw new Error(`mesh up: ${result.stderr}${result.stdout}`);
  }

  async down() {
    this.client?.close();
    await this.run('down');
    this.look();
    if (!process.env.KEEP_RUNS) fs.rmSync(this.folder, { recursive: true, force: true });
  }

  look() {
    for (const name of fs.readdirSync(this.folder).filter((n) => n.endsWith('.log'))) {
      const lines = fs.readFileSync(path.join(this.folder, name), 'utf8').split('\n');
      const at = lines.findIndex((line) => TROUBLE.test(line));
      if (at >= 0) Mesh.troubles.push([name, ...lines.slice(at, at + 20)].join('\n'));
    }
  }

  // Start one service (or Redis) again after it was killed, with the arguments that ./mesh gives it.
  async start(service) {
    const result = await this.run('start', service);
    if (result.status !== 0) throw new Error(`mesh start ${service}: ${result.stderr}`);
  }

  async healthy(seconds = 60) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const { status } = await this.consilium('status', '--json', '--timeout=1s');
      if (status === 0) return;
      if (Date.now() > end) throw new Error('the mesh is not healthy');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  stub(name, service = name.toLowerCase()) {
    const { v1 } = load(path.join(PROTO, `consilium/v1/${service}.proto`)).consilium;
    return new v1[name](this.address(service), this.credentials,
      { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  }

  get gateway() { return this.client ??= this.stub('Gateway'); }

  put(patient, bundle, seconds = 120) {
    return new Promise((resolve, reject) => {
      const call = this.gateway.PutRecord({ deadline: Date.now() + seconds * 1000 },
        (error, reply) => (error ? reject(error) : resolve(reply)));
      const bytes = Buffer.isBuffer(bundle) ? bundle : Buffer.from(typeof bundle === 'string' ? bundle : JSON.stringify(bundle));
      for (let at = 0; at === 0 || at < bytes.length; at += 1 << 18) {
        call.write({ tenant: at ? '' : 'test', patient: at ? '' : patient, chunk: bytes.subarray(at, at + (1 << 18)) });
      }
      call.end();
    });
  }

  // Every event of one question, the answer's text put together.
  ask(patient, question, { seconds = 60, onEvent, ...rest } = {}) {
    return new Promise((resolve, reject) => {
      const call = this.gateway.Ask({ tenant: 'test', patient, question, ...rest }, { deadline: Date.now() + seconds * 1000 });
      const events = [];
      call.on('data', (event) => { events.push(event); onEvent?.(event, call); });
      call.on('error', reject);
      call.on('end', () => resolve({
        events,
        text: events.filter((e) => e.event === 'text').map((e) => e.text).join(''),
        facts: events.find((e) => e.event === 'facts')?.facts.facts ?? [],
        citations: events.filter((e) => e.event === 'citation').map((e) => e.citation),
        done: events.find((e) => e.event === 'done')?.done,
        started: events.find((e) => e.event === 'started')?.started,
      }));
    });
  }

  // The ids of an answer.
  generate(stub, request, seconds = 30) {
    return new Promise((resolve, reject) => {
      const ids = [];
      stub.Generate(request, { deadline: Date.now() + seconds * 1000 })
        .on('data', (reply) => ids.push(...reply.ids)).on('error', reject).on('end', () => resolve({ ids }));
    });
  }

  call(stub, method, request, seconds = 30) {
    return new Promise((resolve, reject) => {
      stub[method](request, { deadline: Date.now() + seconds * 1000 },
        (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  }
}

// The error that @promise fails with.
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const sample = () => fs.readFileSync(path.join(ROOT, 'tools/consilium/sample/sample-patient.json'));
const SAMPLE_QUESTION = 'What was the last hemoglobin A1c?';

module.exports = { Mesh, ROOT, PROTO, load, failure, sample, SAMPLE_QUESTION, grpc, execFileSync, spawn };

// Replicas of each service as processes, found by name: each has an address of its own in 127.0.0.0/8 and the service's port, as pods have. One that is
// ready is listed under the name of its service; one that is to go is taken off first.
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const names = require('./names');
const { load, grpc, PROTO } = require('../mesh/mesh');
const { Quota } = require('./quota');

const ROOT = path.resolve(__dirname, '../..');
const BIN = process.env.MESH_BIN || path.join(ROOT, 'build/release/bin');
const MODEL = process.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf');
const PORTS = { gateway: 7100, deid: 7101, context: 7102, tokenizer: 7103, inference: 7104 };
const LEAVES = ['deid', 'context', 'tokenizer', 'inference'];
const ADMIN_OFFSET = 10;
const REDIS_PORT = 7109;
const READY_S = 120;
const CONNECTION_AGE = '60s'; // as in deploy
const GRACE = '20s';

// Whatever ends this program ends what it began.
const children = new Set();
process.on('exit', () => { for (const child of children) child.kill('SIGKILL'); });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Replica {
  constructor(fleet, service, number) {
    Object.assign(this, { fleet, service, number, name: `${service}-${number}` });
    this.host = `127.${fleet.net}.${Object.keys(PORTS).indexOf(service) + 1}.${number}`;
    const share = fleet.shares[service];
    if (share) this.quota = new Quota(this.name, share);
  }

  start() {
    const words = [path.join(BIN, this.service), ...this.fleet.argumentsOf(this)];
    const log = fs.openSync(path.join(this.fleet.folder, `${this.name}.log`), 'a');
    this.child = this.fleet.spawn(this.quota, words, { stdio: ['ignore', log, log] });
    children.add(this.child);
    this.ended = new Promise((resolve) => this.child.once('exit', (code, signal) => {
      children.delete(this.child);
      resolve(signal ?? code);
    }));
    fs.closeSync(log);
  }

  get admin() { return `${this.host}:${PORTS[this.service] + ADMIN_OFFSET}`; }

  async isReady() {
    try {
      return (await fetch(`http://${this.admin}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  async ready() {
    const end = Date.now() + READY_S * 1000;
    while (!(await this.isReady())) {
      if (this.child.exitCode !== null || Date.now() > end) throw new Error(`${this.name} is not ready; its log is ${this.fleet.folder}/${this.name}.log`);
      await pause(50);
    }
  }

  async metrics() { return (await fetch(`http://${this.admin}/metrics`)).text(); }

  // Calls that it has answered.
  async answered() {
    const found = [...(await this.metrics()).matchAll(/^rpc_server_calls_total\{method="(\w+)\.\w+",status="OK"\} (\d+)/gm)];
    return found.filter(([, service]) => service.toLowerCase() === this.service).reduce((sum, [, , count]) => sum + Number(count), 0);
  }

  // SIGTERM, to the end of the process.
  async stop() {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

class Fleet {
  // @counts: replicas of each service at first; @shares: of a processor, for those that have a quota; @flags: more flags of a service.
  static async open({ counts, shares = {}, flags = {} }) {
    const fleet = new Fleet();
    const net = 64 + crypto.randomInt(128);
    Object.assign(fleet, { net, shares, flags, folder: fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-fleet-')), replicas: [], numbers: {} });
    fleet.env = { ...process.env, NO_COLOR: '1' };
    if (Object.keys(shares).length) fleet.callers = new Quota('callers', Infinity);
    try {
      if (counts.context) await fleet.startRedis();
      // The first of each alone: it makes the keys that all share.
      for (const service of [...LEAVES, 'gateway']) if (counts[service]) await fleet.add(service);
      await Promise.all(Object.entries(counts).flatMap(([service, count]) => Array.from({ length: Math.max(count - 1, 0) }, () => fleet.add(service))));
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  nameOf(service) { return `${service}.fleet`; }
  target(service) { return `dns:///${this.nameOf(service)}:${PORTS[service]}`; }
  get targets() { return Object.keys(PORTS).map((service) => `--${service}=${this.target(service)}`); }
  of(service) { return this.replicas.filter((replica) => replica.service === service); }
  file(name) { return path.join(this.folder, name); }

  argumentsOf({ service, host, name }) {
    const words = [`--listen=${host}:${PORTS[service]}`, `--admin-listen=${host}:${PORTS[service] + ADMIN_OFFSET}`, `--connection-age=${CONNECTION_AGE}`, `--grace=${GRACE}`];
    switch (service) {
      case 'deid': words.push(`--key-file=${this.file('deid.key')}`); break;
      case 'context': words.push(`--key-file=${this.file('context.key')}`, `--redis=${this.redisHost}:${REDIS_PORT}`, `--redis-password-file=${this.file('redis.password')}`); break;
      case 'gateway': words.push(`--pseudonym-key-file=${this.file('gateway.key')}`, `--audit-key-file=${this.file('audit.key')}`, `--audit-folder=${this.file(`${name}-audit`)}`,
        ...LEAVES.map((leaf) => `--${leaf}=${this.target(leaf)}`)); break;
      default: words.push(`--model=${MODEL}`);
    }
    return [...words, ...(this.flags[service] ?? [])];
  }

  async startRedis() {
    this.redisHost = `127.${this.net}.9.1`;
    const password = crypto.randomBytes(18).toString('hex');
    fs.writeFileSync(this.file('redis.password'), `${password}\n`, { mode: 0o600 });
    fs.writeFileSync(this.file('redis.conf'), `bind ${this.redisHost}\nport ${REDIS_PORT}\ndir ${this.folder}\nrequirepass ${password}\nappendonly yes\nappendfsync always\nsave ""\n`, { mode: 0o600 });
    const log = fs.openSync(this.file('redis.log'), 'a');
    this.redis = this.spawn(this.callers, ['redis-server', this.file('redis.conf')], { stdio: ['ignore', log, log] });
    children.add(this.redis);
  }

  // @quota: the group that it is to be in; undefined: the caller's.
  spawn(quota, words, options) {
    return spawn('sh', ['-c', `${quota ? `${quota.entry} && ` : ''}exec "$@"`, 'sh', ...words], { ...options, env: this.env });
  }

  tell() {
    names.tell(Object.fromEntries(Object.keys(PORTS).map((service) => [this.nameOf(service), this.of(service).filter((one) => one.isListed).map((one) => one.host)])));
  }

  list(replica, isListed) {
    replica.isListed = isListed;
    this.tell();
  }

  // Of @service the first @count alone.
  listFirst(service, count) {
    this.of(service).forEach((replica, at) => { replica.isListed = at < count; });
    this.tell();
  }

  async add(service) {
    this.numbers[service] = (this.numbers[service] ?? 0) + 1;
    const replica = new Replica(this, service, this.numbers[service]);
    this.replicas.push(replica);
    await this.begin(replica);
    return replica;
  }

  async begin(replica) {
    replica.start();
    await replica.ready();
    this.list(replica, true);
  }

  // Returns what the process ended with. @noticeMs: between its name's being taken off the list and SIGTERM, as preStop waits.
  async end(replica, noticeMs) {
    this.list(replica, false);
    await pause(noticeMs);
    return replica.stop();
  }

  async remove(replica, noticeMs = 0) {
    const ended = await this.end(replica, noticeMs);
    this.replicas.splice(this.replicas.indexOf(replica), 1);
    replica.quota?.remove();
    return ended;
  }

  async restart(replica, noticeMs = 0) {
    const ended = await this.end(replica, noticeMs);
    await this.begin(replica);
    return ended;
  }

  // consilium-load against this fleet: { report, stderr, status }. @onStart is given the process.
  load(words, onStart = () => {}) {
    return new Promise((resolve, reject) => {
      const json = this.file(`load-${crypto.randomBytes(4).toString('hex')}.json`);
      const child = this.spawn(this.callers, [path.join(BIN, 'consilium-load'), ...this.targets, '--quiet', `--json=${json}`, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (text) => { stderr += text; });
      child.once('error', reject);
      child.once('exit', (status) => (fs.existsSync(json) ? resolve({ status, stderr, report: JSON.parse(fs.readFileSync(json, 'utf8')) })
        : reject(new Error(`consilium-load ended with ${status}: ${stderr}`))));
      onStart(child);
    });
  }

  // consilium put, and a question by gRPC.
  put(patient, bundle) {
    execFileSync(path.join(BIN, 'consilium'), ['put', ...this.targets, `--patient=${patient}`, '-'], { input: bundle, env: this.env, stdio: ['pipe', 'ignore', 'inherit'] });
  }

  ask(patient, question, traceparent) {
    const { v1 } = load(path.join(PROTO, 'consilium/v1/gateway.proto')).consilium;
    const gateway = new v1.Gateway(`${this.of('gateway')[0].host}:${PORTS.gateway}`, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('traceparent', traceparent);
    return new Promise((resolve, reject) => {
      gateway.Ask({ patient, question }, metadata).on('data', () => {}).on('error', reject).on('end', resolve);
    }).finally(() => gateway.close());
  }

  async close() {
    for (const replica of this.replicas) replica.child?.kill('SIGKILL');
    await Promise.all(this.replicas.map((replica) => replica.ended));
    for (const replica of this.replicas) replica.quota?.remove();
    this.redis?.kill('SIGKILL');
    if (this.redis && this.redis.exitCode === null && this.redis.signalCode === null) await new Promise((resolve) => this.redis.once('exit', resolve));
    this.callers?.remove();
    if (process.env.KEEP_RUNS) console.log(`kept: ${this.folder}`);
    else fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

module.exports = { BIN, Fleet, LEAVES, ROOT, SERVICES: Object.keys(PORTS), pause };

// Rates of callers: two gateways that share a Redis, by HTTP with the SDK and by gRPC.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { default: OpenAI } = require('openai');
const { Mesh, failure, spawn, grpc, load, PROTO } = require('../mesh/mesh');

const MODEL = 'consilium-demo';
const QUESTION = { model: MODEL, messages: [{ role: 'user', content: 'hello' }], max_tokens: 4 };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function makeKey(mesh, more, ...words) {
  const { stdout } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  const { key, entry } = JSON.parse(stdout);
  return { key, entry: { ...entry, ...more } };
}

// Of both gateways.
const records = (mesh) => ['audit', 'audit2'].map((name) => path.join(mesh.folder, name)).flatMap((folder) =>
  fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).flatMap((name) =>
    fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line))));

const list = (base, key) => fetch(`${base}/v1/models`, { headers: { authorization: `Bearer ${key}` } });

async function until(what, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) if (await what()) return;
  throw new Error('it did not come to be');
}

// A second gateway of the same mesh, with an audit log of its own.
function second(mesh) {
  const flags = ['deid', 'context', 'tokenizer', 'inference'].map((name) => `--${name}=${mesh.address(name)}`);
  const at = (offset) => `127.0.0.1:${mesh.first + offset}`;
  return spawn(path.join(mesh.bin, 'gateway'), [...flags, ...mesh.env.MESH_FLAGS_gateway.split(' '), `--listen=${at(6)}`, `--http-listen=${at(7)}`,
    `--pseudonym-key-file=${mesh.folder}/gateway.key`, `--audit-folder=${mesh.folder}/audit2`, `--audit-key-file=${mesh.folder}/audit2.key`,
    '--rate-closed'], { stdio: 'ignore' });
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const file = path.join(mesh.folder, 'access.json');
    world.few = await makeKey(mesh, { requests_per_minute: 6 }, 'few', 'north', 'ask,put');
    world.shared = await makeKey(mesh, { requests_per_minute: 20 }, 'shared', 'north', 'ask');
    world.tokens = await makeKey(mesh, { tokens_per_minute: 600 }, 'tokens', 'north', 'ask');
    world.rpc = await makeKey(mesh, { requests_per_minute: 3 }, 'rpc', 'north', 'ask');
    world.free = await makeKey(mesh, {}, 'free', 'north', 'ask');
    const keys = ['few', 'shared', 'tokens', 'rpc', 'free'].map((name) => world[name].entry);
    fs.writeFileSync(file, JSON.stringify({ keys }));
    mesh.env.MESH_FLAGS_gateway = `--access-file=${file} --rate-redis=127.0.0.1:${mesh.first + 9} ` +
      `--rate-redis-password-file=${mesh.folder}/redis.password`;
    mesh.env.CONSILIUM_TOKEN_FILE = path.join(mesh.folder, 'token');
    fs.writeFileSync(mesh.env.CONSILIUM_TOKEN_FILE, world.free.key, { mode: 0o600 });
    await mesh.up();
    world.other = second(mesh);
    world.otherBase = `http://127.0.0.1:${mesh.first + 7}`;
    await until(async () => (await list(world.otherBase, world.free.key).catch(() => ({}))).status === 200);
  },
  async after({ mesh, other }) {
    other?.kill('SIGTERM');
    await mesh?.down();
  },
  tests: {
    async 'rate: requests within it pass with what is left, and the next one is told when to come again'({ mesh, few }) {
      for (let left = 5; left >= 0; left--) {
        const answer = await list(mesh.http, few.key);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers.get('x-ratelimit-limit-requests'), '6');
        assert.ok(Number(answer.headers.get('x-ratelimit-remaining-requests')) >= left);
        assert.match(answer.headers.get('x-ratelimit-reset-requests'), /^\d+ms$/);
      }
      const refused = await list(mesh.http, few.key);
      assert.equal(refused.status, 429);
      const wait = Number(refused.headers.get('retry-after-ms'));
      assert.ok(wait > 0 && wait <= 10000, `${wait} ms`);
      assert.ok(Number(refused.headers.get('retry-after')) * 1000 >= wait);
      const { error } = await refused.json();
      assert.equal(error.code, 'rate_limit_exceeded');
      const openai = new OpenAI({ baseURL: `${mesh.http}/v1`, apiKey: few.key, maxRetries: 0 });
      assert.ok(await failure(openai.chat.completions.create(QUESTION)) instanceof OpenAI.RateLimitError);
      assert.equal((await list(mesh.http, 'cslm_wrong')).status, 401);
    },

    async 'rate: a FHIR path is refused with an OperationOutcome'({ mesh, few }) {
      const refused = await fetch(`${mesh.http}/fhir/Patient/x`, { method: 'DELETE', headers: { authorization: `Bearer ${few.key}` } });
      assert.equal(refused.status, 429);
      assert.equal((await refused.json()).issue[0].code, 'throttled');
    },

    async 'rate: gateways share it'({ mesh, shared, otherBase }) {
      const all = await Promise.all(Array.from({ length: 60 }, (_, i) => list(i % 2 ? otherBase : mesh.http, shared.key)));
      const passed = all.filter((answer) => answer.status === 200).length;
      assert.ok(passed >= 20 && passed <= 24, `${passed} of 60 passed`);
      assert.ok(all.every((answer) => answer.status === 200 || answer.status === 429));
    },

    async 'rate: what an answer cost is counted, and a debt is waited for'({ mesh, tokens }) {
      const openai = new OpenAI({ baseURL: `${mesh.http}/v1`, apiKey: tokens.key, maxRetries: 0 });
      let used = 0, error;
      for (let i = 0; i < 200 && !error; i++) {
        await openai.chat.completions.create({ ...QUESTION, max_tokens: 100 })
          .then((answer) => { used += answer.usage.total_tokens; }, (e) => { error = e; });
      }
      assert.ok(error instanceof OpenAI.RateLimitError, String(error));
      assert.ok(used >= 500, `${used} tokens`);
      assert.equal(error.headers.get('x-ratelimit-remaining-tokens'), '0');
      assert.match(error.message, /600 tokens a minute/);
    },

    async 'rate: gRPC says RESOURCE_EXHAUSTED, and when'({ mesh, rpc }) {
      const { v1 } = load(path.join(PROTO, 'consilium/v1/gateway.proto')).consilium;
      const gateway = new v1.Gateway(mesh.address('gateway'), mesh.credentials, { 'grpc.enable_retries': 0 });
      const metadata = new grpc.Metadata();
      metadata.set('authorization', `Bearer ${rpc.key}`);
      const call = () => new Promise((resolve, reject) => {
        gateway.ListModels({}, metadata, { deadline: Date.now() + 20000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
      });
      for (let i = 0; i < 3; i++) await call();
      const error = await failure(call());
      assert.equal(error.code, grpc.status.RESOURCE_EXHAUSTED);
      assert.ok(Number(error.metadata.get('grpc-retry-pushback-ms')[0]) > 0);
      gateway.close();
    },

    async 'rate: refusals are in the audit log, once a second for a caller, with how many they were'({ mesh }) {
      await sleep(500);
      const refused = records(mesh).filter((record) => record.action === 'refuse' && record.outcome === 'RESOURCE_EXHAUSTED');
      for (const name of ['few', 'shared', 'tokens', 'rpc']) assert.ok(refused.some((record) => record.caller === name), name);
      assert.ok(refused.every((record) => record.count >= 1 && record.tenant === 'north'));
      assert.ok(refused.filter((record) => record.caller === 'shared').length <= 6);
    },

    async 'rate: names of callers are not in Redis'({ mesh }) {
      const password = fs.readFileSync(path.join(mesh.folder, 'redis.password'), 'utf8').trim();
      const { stdout } = await mesh.exec('redis-cli', ['-p', String(mesh.first + 9), '--no-auth-warning', '-a', password, 'keys', 'rate:*']);
      const keys = stdout.trim().split('\n');
      assert.ok(keys.length >= 4);
      for (const key of keys) assert.match(key, /^rate:\{[0-9a-f]{32}\}$/);
    },

    async 'rate: without Redis one gateway lets in and the other does not, as each was told'({ mesh, few, free, otherBase }) {
      mesh.signal('redis', 'SIGKILL');
      await until(async () => (await list(mesh.http, few.key)).status === 200);
      const refused = await list(otherBase, few.key);
      assert.equal(refused.status, 503);
      assert.ok(Number(refused.headers.get('retry-after')) >= 1);
      assert.equal((await list(otherBase, free.key)).status, 200);
      await mesh.start('redis');
      await until(async () => (await list(otherBase, few.key)).status === 429);
    },
  },
};

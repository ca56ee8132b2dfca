// What a gateway runs with changes under it: models come and go and are swapped, certificates are replaced, while it is asked. Each change is in the audit log.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, sample, execFileSync } = require('../mesh/mesh');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const chat = (more) => JSON.stringify({ model: 'consilium-demo', patient: 'p1', max_tokens: 4, messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }], ...more });

function records(mesh) {
  const folder = path.join(mesh.folder, 'audit');
  return fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort()
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
}

// Asks of everything that tells of the model, again and again, until it is told to stop; the statuses that came.
function hammer(base) {
  const seen = { statuses: new Set(), digests: new Set(), asked: 0 };
  const asks = [() => fetch(`${base}/v1/models`), () => fetch(`${base}/models/info`), () => fetch(`${base}/v1/models/consilium-demo`),
    () => fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: { 'x-consilium-tenant': 'test' }, body: chat() }),
    () => fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: { 'x-consilium-tenant': 'test' }, body: chat({ stream: true }) })];
  let isOver = false;
  const worker = async (first) => {
    for (let i = first; !isOver; i++) {
      const reply = await asks[i % asks.length]();
      seen.statuses.add(reply.status);
      for (const [digest] of (await reply.text()).matchAll(/[0-9a-f]{64}/g)) seen.digests.add(digest);
      seen.asked++;
      await sleep(2);
    }
  };
  const workers = [0, 1, 2, 3, 4, 5].map(worker);
  return { seen, stop: () => { isOver = true; return Promise.all(workers); } };
}

async function ended(mesh, service) {
  const pid = mesh.pid(service);
  process.kill(pid, 'SIGKILL');
  for (;;) {
    try { process.kill(pid, 0); } catch { return; }
    await sleep(10);
  }
}

async function until(what, check) {
  for (const end = Date.now() + 30000; Date.now() < end; await sleep(100)) if (await check()) return;
  assert.fail(what);
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const { folder } = mesh;
    world.first = path.join(ROOT, 'models/consilium-demo.gguf');
    world.second = path.join(folder, 'second.gguf');
    const bytes = fs.readFileSync(world.first);
    bytes[bytes.length - 1] ^= 1; // the last weight: another digest, and answers that are as good
    fs.writeFileSync(world.second, bytes);
    world.use = async (file) => {
      mesh.env.MESH_MODEL = file;
      for (const service of ['inference', 'tokenizer']) { await ended(mesh, service); await mesh.start(service); }
    };
    await mesh.up();
    await mesh.put('p1', sample());
  },
  async after({ mesh }) { await mesh?.down(); },
  tests: {
    async 'change: a gateway is asked of its model while that is down, loads and is swapped, and answers or says 503'({ mesh, use, first, second }) {
      const { seen, stop } = hammer(mesh.http), changes = () => records(mesh).filter((record) => record.action === 'configure');
      const pid = mesh.pid('gateway');
      for (const file of [second, first, second]) {
        const before = changes().length;
        await use(file);
        await until('the swap is in the audit log', () => changes().length > before && changes().at(-1).outcome === 'OK');
      }
      await ended(mesh, 'inference');
      await sleep(1000);
      await mesh.start('inference');
      await sleep(1000);
      await stop();
      process.kill(pid, 0); // it lives
      assert.ok(seen.asked > 100, `${seen.asked}`);
      for (const status of seen.statuses) assert.ok([200, 429, 503, 504].includes(status), `${status}`);
      assert.equal(seen.digests.size, 2);
      const swaps = changes().filter((record) => record.detail === 'another model answers');
      assert.ok(swaps.length >= 3);
      assert.deepEqual([...new Set(swaps.map((record) => record.model))].sort(), [...seen.digests].sort());
    },
    async 'change: files that do not belong together are told, and the gateway does not serve with them'({ mesh, first, second }) {
      mesh.env.MESH_MODEL = mesh.env.MESH_MODEL === first ? second : first;
      await ended(mesh, 'tokenizer');
      await mesh.start('tokenizer');
      await until('it is in the audit log', () => records(mesh).some((record) => record.action === 'configure' && record.outcome === 'FAILED_PRECONDITION'));
      assert.equal((await fetch(`${mesh.http}/v1/models`)).status, 503);
      await ended(mesh, 'inference');
      await mesh.start('inference');
      await until('it serves again', async () => (await fetch(`${mesh.http}/v1/models`)).status === 200);
    },
    async 'change: a certificate of HTTP that is replaced is in the audit log, and one that cannot be used too'() {
      const mesh = await Mesh.create();
      try {
        const file = (name) => path.join(mesh.folder, name);
        const make = () => execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=gateway',
          '-keyout', file('http.key'), '-out', file('http.crt')], { stdio: 'ignore' });
        make();
        mesh.env.MESH_FLAGS_gateway = `--http-tls-certificate=${file('http.crt')} --http-tls-key=${file('http.key')}`;
        await mesh.up();
        fs.writeFileSync(file('http.crt'), 'nothing');
        const has = (outcome) => records(mesh).some((record) => record.action === 'configure' && record.outcome === outcome && /certificate of HTTP/.test(record.detail));
        await until('what cannot be used is told', () => has('FAILED_PRECONDITION') || has('INVALID_ARGUMENT'));
        make();
        await until('what is used is told', () => has('OK'));
        const { status, stderr } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'verify', file('audit')]);
        assert.equal(status, 0, stderr);
      } finally {
        await mesh.down();
      }
    },
  },
};

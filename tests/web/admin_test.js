// The scope admin: what the gateway runs with and its audit log, for operators alone, and each of their looks in that log.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, sample } = require('../mesh/mesh');

async function makeKey(mesh, ...words) {
  const { stdout } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  return JSON.parse(stdout);
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    world.key = {};
    const entries = [];
    for (const [name, tenant, scopes] of [['operator', 'north', 'admin'], ['app', 'north', 'ask,put,restore'], ['southern', 'south', 'ask,put'], ['over there', 'south', 'admin']]) {
      const { key, entry } = await makeKey(mesh, name, tenant, scopes);
      world.key[name] = key;
      entries.push({ ...entry, ...(name === 'app' ? { requests_per_minute: 600 } : {}) });
    }
    world.file = path.join(mesh.folder, 'access.json');
    fs.writeFileSync(world.file, JSON.stringify({ keys: entries }));
    mesh.env.MESH_FLAGS_gateway = `--access-file=${world.file} --audit-segment=8K`;
    mesh.env.CONSILIUM_TOKEN_FILE = path.join(mesh.folder, 'token');
    fs.writeFileSync(mesh.env.CONSILIUM_TOKEN_FILE, world.key.app, { mode: 0o600 });
    await mesh.up();
    world.as = (name, where, options = {}) => fetch(`${mesh.http}${where}`, { ...options, headers: { authorization: `Bearer ${world.key[name]}`, ...(options.type ? { 'content-type': options.type } : {}) } });
    for (const name of ['app', 'southern']) assert.equal((await world.as(name, '/fhir/Bundle?patient=p1', { method: 'POST', body: sample(), type: 'application/fhir+json' })).status, 200);
    for (let i = 0; i < 60; i++) await world.as(i % 2 ? 'app' : 'southern', '/v1/patients/p1/timeline?page_size=1');
    world.lines = async (name, query = '') => {
      const reply = await world.as(name, `/v1/admin/audit${query}`);
      assert.equal(reply.status, 200, await reply.clone().text());
      assert.equal(reply.headers.get('content-type'), 'application/x-ndjson');
      return { next: Number(reply.headers.get('x-consilium-next')), lines: (await reply.text()).split('\n').filter(Boolean) };
    };
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'admin: the configuration tells settings, models and callers, and no key or hash'({ as, file, mesh }) {
      const reply = await as('operator', '/v1/admin/configuration');
      assert.equal(reply.status, 200);
      const text = await reply.text(), told = JSON.parse(text);
      assert.equal(told.settings['access-file'], file);
      assert.equal(told.settings['audit-segment'], 8192);
      assert.equal(told.settings['slice-near'], false);
      assert.equal(told.settings['embed-inference'], null);
      assert.match(told.models[0].consilium.digest, /^[0-9a-f]{64}$/);
      assert.deepEqual(told.callers, [{ kind: 'key', name: 'operator', scopes: ['admin'], requests_per_minute: 0, tokens_per_minute: 0 },
        { kind: 'key', name: 'app', scopes: ['ask', 'put', 'restore'], requests_per_minute: 600, tokens_per_minute: 0 }]);
      for (const { hash } of JSON.parse(fs.readFileSync(file, 'utf8')).keys) assert.ok(!text.includes(hash));
      for (const name of ['pseudonym-key-file', 'audit-key-file']) assert.ok(!text.includes(fs.readFileSync(told.settings[name], 'utf8').trim()));
      assert.ok(mesh);
    },
    async 'admin: the audit log comes in pages, whole, of the caller\'s tenant and of none'({ lines, mesh }) {
      const folder = path.join(mesh.folder, 'audit'), segments = fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort();
      assert.ok(segments.length > 2, 'the log has several segments');
      const written = segments.flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean));
      const all = [];
      for (let first = 1; first <= written.length;) { // every look is a further record
        const page = await lines('operator', `?first=${first}&count=25`);
        all.push(...page.lines);
        first = page.next;
      }
      const records = all.map((line) => JSON.parse(line));
      const own = written.filter((line) => [undefined, 'north'].includes(JSON.parse(line).tenant));
      assert.deepEqual(all.slice(0, own.length), own);
      assert.ok(records.some((record) => record.action === 'start'));
      assert.ok(records.filter((record) => record.action === 'read' && record.caller === 'app').length >= 30);
      assert.ok(!records.some((record) => record.tenant === 'south'));
      const south = (await lines('over there')).lines.map((line) => JSON.parse(line));
      assert.ok(south.some((record) => record.tenant === 'south') && !south.some((record) => record.tenant === 'north'));
    },
    async 'admin: each line that is told can be proved by itself, with the public key'({ lines, mesh }) {
      const raw = Buffer.from(fs.readFileSync(path.join(mesh.folder, 'audit/public-key'), 'utf8').trim(), 'hex');
      const key = crypto.createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
      for (const line of (await lines('operator', '?count=40')).lines) {
        const { hash, sig } = JSON.parse(line);
        assert.equal(crypto.createHash('sha256').update(line.slice(0, line.indexOf(',"hash"'))).digest('hex'), hash);
        assert.ok(crypto.verify(null, Buffer.from(`consilium audit record ${hash}`), key, Buffer.from(sig, 'hex')));
      }
    },
    async 'admin: who has not the scope is refused, an operator may not ask, and all of it is in the log'({ as, lines, mesh }) {
      for (const where of ['/v1/admin/configuration', '/v1/admin/audit']) {
        assert.equal((await as('app', where)).status, 403);
        assert.equal((await fetch(`${mesh.http}${where}`)).status, 401);
      }
      assert.equal((await as('operator', '/v1/patients/p1/timeline')).status, 403);
      await lines('operator');
      const records = (await lines('operator')).lines.map((line) => JSON.parse(line));
      assert.ok(records.some((record) => record.action === 'refuse' && record.method === 'Admin.Audit' && record.caller === 'app' && record.outcome === 'PERMISSION_DENIED'));
      assert.ok(records.some((record) => record.action === 'read' && record.method === 'Admin.Configuration' && record.caller === 'operator'));
      assert.ok(records.filter((record) => record.action === 'read' && record.method === 'Admin.Audit' && record.count > 0).length >= 2);
      const { status, stderr } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'verify', path.join(mesh.folder, 'audit')]);
      assert.equal(status, 0, stderr);
    },
    async 'admin: numbers that are none, or past the end, are an empty page'({ lines }) {
      assert.ok((await lines('operator', '?first=x&count=-')).lines.length > 0);
      const past = await lines('operator', '?first=99999999');
      assert.deepEqual([past.lines.length, past.next], [0, 99999999]);
    },
  },
};

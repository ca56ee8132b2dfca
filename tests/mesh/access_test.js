// Who may do what: API keys and tokens made by Node's own crypto, against a gateway that asks.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, failure, sample, grpc, SAMPLE_QUESTION } = require('./mesh');

const ISSUER = 'https://idp.hospital.example';
const { UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND } = grpc.status;

const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const encoded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function claims(more = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: 'consilium', sub: 'dr-jones', tenant: 'north', scope: 'openid ask restore', iat: now, exp: now + 300, ...more };
}

function token(more, { alg = 'RS256', key = rsa.privateKey, header = {} } = {}) {
  const text = `${encoded({ alg, typ: 'JWT', ...header })}.${encoded(claims(more))}`;
  if (alg === 'none') return `${text}.`;
  if (alg === 'HS256') return `${text}.${crypto.createHmac('sha256', key).update(text).digest('base64url')}`;
  return `${text}.${crypto.sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const bearer = (text) => { const metadata = new grpc.Metadata(); if (text) metadata.set('authorization', `Bearer ${text}`); return metadata; };

function ask(mesh, shown, request = {}) {
  return new Promise((resolve, reject) => {
    const call = mesh.gateway.Ask({ patient: 'p1', question: SAMPLE_QUESTION, ...request }, bearer(shown), { deadline: Date.now() + 60000 });
    const events = [];
    call.on('data', (event) => events.push(event)).on('error', reject).on('end', () => resolve(events));
  });
}

function put(mesh, shown, request = {}) {
  return new Promise((resolve, reject) => {
    const call = mesh.gateway.PutRecord(bearer(shown), { deadline: Date.now() + 60000 }, (error, reply) => (error ? reject(error) : resolve(reply)));
    call.on('error', () => {});
    call.write({ patient: 'p1', chunk: sample(), ...request });
    call.end();
  });
}

const code = async (promise) => (await failure(promise)).code;
const records = (mesh) => {
  const folder = path.join(mesh.folder, 'audit');
  return fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl')).sort()
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
};

async function makeKey(mesh, ...words) {
  const { stdout, status } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  assert.equal(status, 0);
  return JSON.parse(stdout);
}

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    world.ehr = await makeKey(mesh, 'ehr', 'north', 'put');
    world.south = await makeKey(mesh, 'southern', 'south', 'ask,put,restore');
    world.file = path.join(mesh.folder, 'access.json');
    world.jwks = path.join(mesh.folder, 'jwks.json');
    world.http = `http://127.0.0.1:${mesh.first + 8}`;
    fs.writeFileSync(world.jwks, JSON.stringify({ keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' },
      { ...ec.publicKey.export({ format: 'jwk' }), kid: 'e' }] }));
    world.access = { keys: [world.ehr.entry, world.south.entry],
      issuers: [{ issuer: ISSUER, audience: 'consilium', jwks_file: 'jwks.json', tenant_claim: 'tenant', scopes: ['ask', 'restore'] }] };
    fs.writeFileSync(world.file, JSON.stringify(world.access));
    mesh.env.MESH_FLAGS_gateway = `--access-file=${world.file} --http-listen=127.0.0.1:${mesh.first + 8}`;
    await mesh.up();
    await put(mesh, world.ehr.key);
  },
  async after(world) {
    await world.mesh?.down();
  },
  tests: {
    async 'who shows nothing is UNAUTHENTICATED at every method'({ mesh }) {
      assert.equal(await code(ask(mesh)), UNAUTHENTICATED);
      assert.equal(await code(put(mesh)), UNAUTHENTICATED);
      for (const method of ['GetTimeline', 'GetResources', 'Forget', 'ListModels']) {
        assert.equal(await code(mesh.call(mesh.gateway, method, { patient: 'p1' })), UNAUTHENTICATED, method);
      }
    },
    async 'tokens of RS256 and ES256 are taken, and give what the issuer may give'({ mesh }) {
      for (const one of [token(), token({}, { alg: 'ES256', key: ec.privateKey, header: { kid: 'e' } })]) {
        const events = await ask(mesh, one);
        assert.equal(events.at(-1).event, 'done');
      }
      assert.equal(await code(put(mesh, token({ scope: 'put admin' }))), PERMISSION_DENIED);
    },
    async 'expired, early, of another audience, issuer or key, unsigned, HMAC with the public key: refused'({ mesh }) {
      const now = Math.floor(Date.now() / 1000);
      const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' });
      for (const bad of [token({ exp: now - 120 }), token({ nbf: now + 600 }), token({ aud: 'billing' }), token({ iss: 'https://evil.example' }),
        token({}, { key: stranger.privateKey }), token({}, { alg: 'none' }), token({}, { alg: 'HS256', key: pem }),
        token({}, { alg: 'HS256', key: pem, header: { kid: 'r' } }), token({ exp: undefined }), `${token().slice(0, -4)}AAAA`, 'x.y.z', 'csk_guess']) {
        const error = await failure(ask(mesh, bad));
        assert.equal(error.code, UNAUTHENTICATED, error.details);
        for (const part of bad.split('.').filter((p) => p.length > 3)) assert.ok(!error.details.includes(part));
      }
    },
    async 'a tenant that is not the caller\'s is refused, and its own has no such patient'({ mesh, south }) {
      assert.equal(await code(ask(mesh, south.key, { tenant: 'north' })), PERMISSION_DENIED);
      assert.equal(await code(ask(mesh, token({ tenant: 'south' }), { tenant: 'north' })), PERMISSION_DENIED);
      assert.equal(await code(ask(mesh, south.key)), NOT_FOUND);
      assert.equal(await code(ask(mesh, token({ tenant: 'south' }))), NOT_FOUND);
    },
    async 'without restore the facts keep their surrogates'({ mesh }) {
      const full = (await ask(mesh, token())).find((e) => e.event === 'facts').facts.facts;
      const bare = (await ask(mesh, token({ scope: 'ask' }))).find((e) => e.event === 'facts').facts.facts;
      const kept = (await ask(mesh, token(), { keep_surrogates: true })).find((e) => e.event === 'facts').facts.facts;
      assert.notDeepEqual(bare, full);
      assert.deepEqual(bare, kept);
    },
    async 'the whole record comes with surrogates, and with originals only to who asks and may'({ http }) {
      const everything = (more, one) => fetch(`${http}/fhir/Patient/p1/$everything${more}`, { headers: { authorization: `Bearer ${one}` } });
      const [bare, plain, restored] = await Promise.all([everything('', token({ scope: 'ask' })), everything('', token()), everything('?restore=true', token())]);
      const bundle = await bare.json();
      assert.deepEqual(await plain.json(), bundle);
      const names = (await restored.json()).entry.map((entry) => entry.resource).find((r) => r.resourceType === 'Patient').name;
      assert.ok(!JSON.stringify(bundle).includes(names[0].family));
      const refused = await everything('?restore=true', token({ scope: 'ask' }));
      assert.equal(refused.status, 403);
      assert.equal((await refused.json()).issue[0].code, 'forbidden');
    },
    async 'by HTTP a stranger is sent away before the body, and a caller is the same caller'({ http }) {
      const post = (headers) => fetch(`${http}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'consilium-demo', patient: 'p1', messages: [{ role: 'user', content: SAMPLE_QUESTION }] }) });
      const refused = await post({});
      assert.equal(refused.status, 401);
      assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
      assert.equal((await refused.json()).error.code, 'invalid_api_key');
      assert.equal((await fetch(`${http}/v1/models`)).status, 401);
      assert.equal((await post({ authorization: `Bearer ${token({ scope: 'put' })}` })).status, 403);
      const listed = await (await fetch(`${http}/v1/models`, { headers: { authorization: `Bearer ${token()}` } })).json();
      const answered = await fetch(`${http}/v1/chat/completions`, { method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token()}` },
        body: JSON.stringify({ model: listed.data[0].id, patient: 'p1', messages: [{ role: 'user', content: SAMPLE_QUESTION }] }) });
      assert.equal(answered.status, 200, await answered.clone().text());
    },
    async 'the command shows the key that it was given, and the one that login kept'({ mesh, south }) {
      const home = path.join(mesh.folder, 'home');
      const env = { ...mesh.env, HOME: home, XDG_CONFIG_HOME: '' };
      const run = (...words) => Object.assign(Object.create(mesh), { env }).consilium(...words);
      assert.equal((await run('forget', 'nobody')).status, 5);
      const login = await Object.assign(Object.create(mesh), { env }).exec(path.join(mesh.bin, 'consilium'), ['login', '-'], `${south.key}\n`);
      assert.equal(login.status, 0, login.stderr);
      assert.equal(fs.statSync(path.join(home, '.config/consilium/token')).mode & 0o777, 0o600);
      const forgotten = await run('forget', 'nobody');
      assert.equal(forgotten.status, 0, forgotten.stderr);
    },
    async 'a key that is taken out of the file is no longer taken, and a broken file changes nothing'({ mesh, file, access, ehr, south }) {
      fs.writeFileSync(file, '{"keys":');
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.equal(await code(ask(mesh, south.key)), NOT_FOUND);
      fs.writeFileSync(file, JSON.stringify({ ...access, keys: [ehr.entry] }));
      for (let i = 0; i < 50 && (await code(ask(mesh, south.key))) !== UNAUTHENTICATED; i++) await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(await code(ask(mesh, south.key)), UNAUTHENTICATED);
    },
    async 'every refusal is in the audit log, by name where one is known, and no key or token is'({ mesh, ehr, south }) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const all = records(mesh);
      const refused = all.filter((r) => r.action === 'refuse');
      assert.ok(refused.length >= 20, `${refused.length}`);
      assert.ok(refused.some((r) => r.outcome === 'PERMISSION_DENIED' && r.caller === `${ISSUER} dr-jones` && r.method));
      assert.ok(all.some((r) => r.action === 'put' && r.caller === 'ehr' && r.tenant === 'north'));
      assert.ok(all.some((r) => r.action === 'ask' && r.caller === `${ISSUER} dr-jones` && r.restored));
      assert.deepEqual(all.filter((r) => r.action === 'configure').map((r) => r.outcome), ['INVALID_ARGUMENT', 'OK']);
      const everything = JSON.stringify(all) + fs.readFileSync(mesh.log('gateway'), 'utf8');
      for (const secret of [ehr.key, south.key, 'eyJ']) assert.ok(!everything.includes(secret));
    },
  },
};

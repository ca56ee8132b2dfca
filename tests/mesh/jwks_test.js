// Key sets by address: an identity provider over TLS that changes its keys.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const https = require('node:https');
const path = require('node:path');
const { Mesh, execFileSync } = require('./mesh');

const ISSUER = 'https://idp.hospital.example';
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(key, kid) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${encoded({ alg: 'ES384', typ: 'JWT', kid })}.${encoded({ iss: ISSUER, aud: 'consilium', sub: 'dr', scope: 'ask', iat: now, exp: now + 300 })}`;
  return `${text}.${crypto.sign('sha384', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const pair = () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' });
const jwk = (key, kid) => ({ ...key.publicKey.export({ format: 'jwk' }), kid });
const status = async ({ mesh }, shown) => (await fetch(`${mesh.http}/v1/models`, { headers: { authorization: `Bearer ${shown}` } })).status;

async function until(what, seconds = 30) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) if (await what()) return;
  throw new Error('it did not come to be');
}

const records = (mesh) => {
  const folder = path.join(mesh.folder, 'audit');
  return fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
};

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const at = (name) => path.join(mesh.folder, name);
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('idp.key'), '-out', at('idp.pem'),
      '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], { stdio: 'ignore' });
    world.first = pair();
    world.second = pair();
    world.set = { keys: [jwk(world.first, 'one')] };
    world.asked = 0;
    world.reply = (res) => res.end(JSON.stringify(world.set));
    world.idp = https.createServer({ key: fs.readFileSync(at('idp.key')), cert: fs.readFileSync(at('idp.pem')) }, (req, res) => { world.asked++; world.reply(res); });
    await new Promise((resolve) => world.idp.listen(0, '127.0.0.1', resolve));
    world.url = `https://localhost:${world.idp.address().port}/jwks.json`;
    world.file = at('access.json');
    world.put = (url) => fs.writeFileSync(world.file, JSON.stringify({
      issuers: [{ issuer: ISSUER, audience: 'consilium', jwks_url: url, tenant: 'north', scopes: ['ask'] }], anyone: { tenant: 'north', scopes: [] } }));
    world.put(world.url);
    mesh.env.MESH_FLAGS_gateway = `--access-file=${world.file} --fetch-authority=${at('idp.pem')} --jwks-floor=1s --jwks-refresh=1h`;
    await mesh.up();
  },
  async after({ mesh, idp }) {
    await mesh?.down();
    idp?.close();
  },
  tests: {
    async 'jwks: the keys of an issuer come from its address'(world) {
      await until(async () => await status(world, token(world.first.privateKey, 'one')) === 200);
      assert.equal(await status(world, token(world.second.privateKey, 'one')), 401);
      assert.equal(world.asked, 1);
    },

    async 'jwks: a token with a key that is not known makes us look, once in a while'(world) {
      world.set = { keys: [jwk(world.first, 'one'), jwk(world.second, 'two')] };
      const before = world.asked, began = Date.now();
      await until(async () => await status(world, token(world.second.privateKey, 'two')) === 200);
      for (let i = 0; i < 200; i++) assert.equal(await status(world, token(world.second.privateKey, `made-up-${i}`)), 401);
      await sleep(2500);
      const most = 2 + (Date.now() - began) / 1000; // the floor is a second
      assert.ok(world.asked - before >= 2 && world.asked - before <= most, `${world.asked - before} times`);
    },

    async 'jwks: a set that cannot be had, or holds a private key, leaves the old one in use'(world) {
      const bad = [(res) => { res.statusCode = 500; res.end(); }, (res) => res.end('{"keys":'), (res) => res.end('{"keys":[]}'),
        (res) => res.end(JSON.stringify({ keys: [{ ...world.first.privateKey.export({ format: 'jwk' }), kid: 'p' }] })),
        (res) => { res.writeHead(302, { location: world.url }); res.end(); }, (res) => res.end(' '.repeat(300 << 10)), (res) => res.destroy()];
      for (const reply of bad) {
        world.reply = reply;
        const before = world.asked;
        await until(async () => { await status(world, token(world.first.privateKey, 'new')); return world.asked > before; });
        await sleep(200);
        assert.equal(await status(world, token(world.first.privateKey, 'one')), 200);
      }
      world.reply = (res) => res.end(JSON.stringify(world.set));
      await sleep(1500);
      const configured = records(world.mesh).filter((record) => record.action === 'configure').map((record) => record.outcome);
      assert.ok(configured.includes('UNAVAILABLE'), String(configured));
    },

    async 'jwks: a new file with the same address keeps the keys'(world) {
      world.idp.closeAllConnections();
      world.reply = (res) => res.destroy();
      fs.appendFileSync(world.file, '\n');
      await until(() => records(world.mesh).some((record) => record.detail === 'a new access file'));
      assert.equal(await status(world, token(world.second.privateKey, 'two')), 200);
    },

    async 'jwks: an address without TLS is not taken'(world) {
      world.put('http://idp.hospital.example/jwks.json');
      await until(() => records(world.mesh).some((record) => record.action === 'configure' && record.outcome === 'INVALID_ARGUMENT'));
      assert.equal(await status(world, token(world.second.privateKey, 'two')), 200);
    },
  },
};

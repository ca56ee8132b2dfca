// Records fetched from a hospital's FHIR server (hospital.js): SMART Backend Services, pages, and what is refused.
'use strict';
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const hospital = require('./hospital');
const { Mesh, sample } = require('../mesh/mesh');

const CLIENT = 'consilium-backend';
const bundle = JSON.parse(sample());
const value = (parameters, name) => {
  const found = parameters.parameter.find((p) => p.name === name);
  return found.valueInteger ?? found.valueBoolean ?? found.valueString;
};

async function outcome(reply, status, code) {
  assert.equal(reply.status, status);
  const body = await reply.json();
  assert.equal(body.resourceType, 'OperationOutcome');
  assert.equal(body.issue[0].code, code);
  return body.issue[0].diagnostics ?? body.issue[0].details?.text ?? '';
}

function keyFile(mesh, name, key) {
  const file = path.join(mesh.folder, name);
  fs.writeFileSync(file, JSON.stringify({ ...key.privateKey.export({ format: 'jwk' }), kid: 'k1' }), { mode: 0o600 });
  return file;
}

const records = (mesh) => {
  const folder = path.join(mesh.folder, 'audit');
  return fs.readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => fs.readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
};

// A mesh whose gateway signs in with @key.
async function up(world, key) {
  const mesh = await Mesh.create();
  world.hospital = await hospital.start(bundle, { publicKey: key.publicKey, clientId: CLIENT });
  mesh.env.MESH_FLAGS_gateway = `--fhir-server=${world.hospital.base}/ --fhir-client-id=${CLIENT} --fhir-key-file=${keyFile(mesh, 'client.jwk', key)} --fhir-tenant=default`;
  world.mesh = mesh;
  await mesh.up();
  world.pull = (id, query = '', tenant = 'default') => fetch(`${mesh.http}/fhir/Patient/${id}/$pull${query}`, { method: 'POST', headers: { 'x-consilium-tenant': tenant } });
}

module.exports = {
  async before(world) { await up(world, (world.key = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }))); },
  async after({ mesh, hospital: server, evil }) {
    await mesh?.down();
    server?.server.close();
    evil?.close();
  },
  tests: {
    async 'pull: a record comes in pages, after signing in, and is what a put would have made of it'({ mesh, hospital: server, pull }) {
      const reply = await pull(server.patient, '?patient=pulled');
      assert.equal(reply.status, 200, await reply.clone().text());
      const pulled = await reply.json();
      const put = await (await fetch(`${mesh.http}/fhir/Bundle?patient=put`, { method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: sample() })).json();
      for (const name of ['resources', 'resourcesAsFacts', 'facts']) assert.equal(value(pulled, name), value(put, name), name);
      const pages = server.asked.filter(({ url }) => url.includes('$everything'));
      assert.equal(pages.length, Math.ceil(bundle.entry.length / 100));
      assert.ok(pages.every(({ authorization }) => authorization?.startsWith('Bearer ')));
      assert.equal(server.signIns, 1);
      assert.deepEqual(server.refused, []);
    },

    async 'pull: a token is used again while it is good, and fetched anew when it is not'({ hospital: server, pull }) {
      assert.equal((await pull(server.patient)).status, 200);
      assert.equal(server.signIns, 1);
      server.tokens.clear();
      assert.equal((await pull(server.patient)).status, 200);
      assert.equal(server.signIns, 2);
    },

    async 'pull: the command does it too'({ mesh, hospital: server }) {
      const { status, stdout } = await mesh.consilium('put', '--from-fhir', '--patient=by-command', '--json', server.patient);
      assert.equal(status, 0, stdout);
      assert.equal(JSON.parse(stdout).resources, bundle.entry.length);
    },

    async 'pull: what the server does not have, and what is no id, is refused'({ pull, mesh }) {
      await outcome(await pull('nobody'), 404, 'not-found');
      await outcome(await pull('a%2F..%2Fb'), 400, 'invalid');
      await outcome(await pull('x'.repeat(65)), 400, 'invalid');
      await outcome(await fetch(`${mesh.http}/fhir/Patient/x/$pull`), 405, 'invalid');
    },

    async 'pull: patients of the server are one tenant\'s alone'({ hospital: server, pull }) {
      const before = server.asked.length;
      await outcome(await pull(server.patient, '', 'other'), 403, 'forbidden');
      assert.equal(server.asked.length, before);
    },

    async 'pull: a page elsewhere is not asked for, and nobody there sees the token'(world) {
      const seen = [];
      world.evil = await new Promise((resolve) => {
        const server = http.createServer((req, res) => { seen.push(req.headers); res.end('{}'); }).listen(0, '127.0.0.1', () => resolve(server));
      });
      world.hospital.next = `http://127.0.0.1:${world.evil.address().port}/page`;
      await outcome(await world.pull(world.hospital.patient), 400, 'invalid');
      world.hospital.next = 'file:///etc/passwd';
      await outcome(await world.pull(world.hospital.patient), 400, 'invalid');
      world.hospital.next = null;
      assert.deepEqual(seen, []);
    },

    async 'pull: a record without an end is broken off'({ hospital: server, pull }) {
      server.endless = true;
      const reply = await pull(server.patient);
      server.endless = false;
      await outcome(reply, 429, 'throttled');
    },

    async 'pull: without a token, or without a server, the caller is told'({ mesh, hospital: server, pull }) {
      server.tokens.clear();
      const key = server.publicKey;
      server.publicKey = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
      await outcome(await pull(server.patient), 400, 'invalid');
      assert.deepEqual(server.refused, ['signature']);
      server.publicKey = key;
      server.life = 1;
      await outcome(await pull(server.patient), 400, 'invalid'); // tokens that end at once
      server.life = 300;
      await new Promise((resolve) => { server.server.closeAllConnections(); server.server.close(resolve); });
      await outcome(await pull(server.patient), 503, 'transient');
      await new Promise((resolve) => setTimeout(resolve, 500)); // failures are written with what comes next, or soon
      const failed = records(mesh).filter((record) => record.action === 'put' && record.outcome !== 'OK').map((record) => record.outcome);
      for (const status of ['NOT_FOUND', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE']) assert.ok(failed.includes(status), status);
    },

    async 'pull: a P-384 key signs too, and one that others can read is not taken'() {
      const world = {};
      try {
        await up(world, crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' }));
        const reply = await world.pull(world.hospital.patient);
        assert.equal(reply.status, 200, await reply.text());
        assert.deepEqual(world.hospital.refused, []);
        fs.chmodSync(path.join(world.mesh.folder, 'client.jwk'), 0o644);
        world.mesh.signal('gateway', 'SIGKILL');
        await new Promise((resolve) => setTimeout(resolve, 300));
        const { stderr, stdout } = await world.mesh.exec(path.join(world.mesh.bin, 'gateway'), [...world.mesh.env.MESH_FLAGS_gateway.split(' '),
          `--listen=127.0.0.1:0`, `--pseudonym-key-file=${world.mesh.folder}/gateway.key`, `--audit-folder=${world.mesh.folder}/audit3`, `--audit-key-file=${world.mesh.folder}/audit3.key`]);
        assert.match(stderr + stdout, /everybody can read/);
      } finally {
        await world.mesh?.down();
        world.hospital?.server.close();
      }
    },
  },
};

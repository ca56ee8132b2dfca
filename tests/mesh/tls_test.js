// Mutual TLS between all parts of the mesh: who shows no certificate is refused, replaced files are used without a restart, a bad pair is not.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const tls = require('node:tls');
const { Mesh, PROTO, load, failure, sample, SAMPLE_QUESTION, grpc, execFileSync } = require('./mesh');

const SERVICES = ['gateway', 'deid', 'context', 'tokenizer', 'inference'];
const NAMES = 'subjectAltName=IP:127.0.0.1,DNS:localhost,URI:spiffe://consilium.example/';
const auditOf = (mesh, name) => fs.readdirSync(path.join(mesh.folder, name)).filter((file) => file.endsWith('.jsonl'))
  .flatMap((file) => fs.readFileSync(path.join(mesh.folder, name, file), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const read = (folder, name) => fs.readFileSync(path.join(folder, name));

const openssl = (folder, ...words) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
const newKey = (file) => ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', file];

function makeAuthority(folder, name) {
  openssl(folder, 'req', '-x509', ...newKey(`${name}.key`), '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`);
}

// NAME.pem and NAME.key, signed by @authority; its SPIFFE id is .../@id.
function makePair(folder, name, authority, id = 'mesh') {
  fs.writeFileSync(path.join(folder, 'names'), `${NAMES}${id}`);
  openssl(folder, 'req', '-new', ...newKey(`${name}.key`), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
  openssl(folder, 'x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial',
    '-days', '2', '-extfile', 'names', '-out', `${name}.pem`);
}

// As an operator does it: each file appears whole.
function replace(folder, from, to) {
  for (const end of ['key', 'pem']) {
    fs.copyFileSync(path.join(folder, `${from}.${end}`), path.join(folder, 'next'));
    fs.renameSync(path.join(folder, 'next'), path.join(folder, `${to}.${end}`));
  }
}

// The common name that @service shows on a new connection.
function shownBy(mesh, folder, service) {
  return new Promise((resolve, reject) => {
    const port = Number(mesh.address(service).split(':')[1]);
    const socket = tls.connect({
      host: '127.0.0.1', servername: 'localhost', port, ALPNProtocols: ['h2'], ca: read(folder, 'authority.pem'), cert: read(folder, 'client.pem'), key: read(folder, 'client.key'),
    }, () => { resolve(socket.getPeerCertificate().subject.CN); socket.destroy(); });
    socket.on('error', reject);
  });
}

async function eventually(what, get, wanted) {
  const end = Date.now() + 20000;
  let last;
  do {
    last = await get();
    if (last === wanted) return;
    await sleep(200);
  } while (Date.now() < end);
  assert.equal(last, wanted, what);
}

const health = (mesh, service, credentials) => {
  const { Health } = load(path.join(PROTO, 'grpc/health/v1/health.proto')).grpc.health.v1;
  const client = new Health(mesh.address(service), credentials);
  return mesh.call(client, 'Check', { service: '' }, 5).finally(() => client.close());
};

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const folder = (world.folder = fs.mkdtempSync(path.join(mesh.folder, 'tls-')));
    makeAuthority(folder, 'authority');
    makeAuthority(folder, 'stranger');
    for (const name of ['first', 'second']) makePair(folder, name, 'authority', 'gateway');
    makePair(folder, 'client', 'authority', 'consilium');
    makePair(folder, 'leaf', 'authority', 'context');
    makePair(folder, 'foreign', 'stranger', 'gateway');
    replace(folder, 'first', 'service');
    const flags = (pair) => `--tls-certificate=${folder}/${pair}.pem --tls-key=${folder}/${pair}.key --tls-authority=${folder}/authority.pem`;
    for (const service of SERVICES) {
      mesh.env[`MESH_FLAGS_${service}`] = `${flags('service')} --peers=default`;
    }
    mesh.env.MESH_FLAGS_consilium = flags('client');
    mesh.credentials = grpc.credentials.createSsl(read(folder, 'authority.pem'), read(folder, 'client.key'), read(folder, 'client.pem'));
    await mesh.up();
    await mesh.put('p1', sample());
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'a question is answered with mutual TLS on every way, and the command speaks it too'({ mesh }) {
      assert.ok((await mesh.ask('p1', SAMPLE_QUESTION)).done);
      assert.equal((await mesh.consilium('status', '--json')).status, 0);
      assert.equal((await mesh.consilium('timeline', '--tenant=test', 'p1')).status, 0);
    },
    async 'without a certificate, with one of a stranger, or without TLS every service refuses'({ mesh, folder }) {
      const authority = read(folder, 'authority.pem');
      for (const service of SERVICES) {
        for (const [who, credentials] of [
          ['nobody', grpc.credentials.createSsl(authority)],
          ['a stranger', grpc.credentials.createSsl(authority, read(folder, 'foreign.key'), read(folder, 'foreign.pem'))],
          ['plaintext', grpc.credentials.createInsecure()],
        ]) {
          const { code } = await failure(health(mesh, service, credentials));
          assert.ok([grpc.status.UNAVAILABLE, grpc.status.DEADLINE_EXCEEDED].includes(code), `${service} for ${who}: ${code}`);
        }
        assert.equal((await health(mesh, service, mesh.credentials)).status, 'SERVING', service);
      }
    },
    async 'who is not in the table of peers is refused by every leaf, and may still ask for its health'({ mesh, folder }) {
      const shown = (name) => grpc.credentials.createSsl(read(folder, 'authority.pem'), read(folder, `${name}.key`), read(folder, `${name}.pem`));
      const call = async (name, service, method, request = {}) => {
        const own = Object.assign(Object.create(mesh), { credentials: shown(name) });
        const stub = own.stub(service);
        return mesh.call(stub, method, request, 10).finally(() => stub.close());
      };
      const asked = { Deid: ['Inspect', { text: Buffer.from('x') }], Context: ['Recall', { tenant: 't', patient: 'p' }], Tokenizer: ['GetVocabulary'], Inference: ['GetModel'] };
      for (const [service, [method, request]] of Object.entries(asked)) {
        const { code } = await failure(call('leaf', service, method, request));
        assert.equal(code, grpc.status.PERMISSION_DENIED, service);
        assert.equal((await health(mesh, service.toLowerCase(), shown('leaf'))).status, 'SERVING');
        assert.match(fs.readFileSync(mesh.log(service.toLowerCase()), 'utf8'), /event=peer_refused .*consilium.example\/context|peer_refused/);
      }
      for (let i = 0; i < 20; i++) await failure(call('leaf', 'Tokenizer', 'GetVocabulary'));
      await call('client', 'Inference', 'GetModel');
      assert.equal((await failure(call('client', 'Context', 'Recall', { tenant: 't', patient: 'p' }))).code, grpc.status.PERMISSION_DENIED);
    },
    async 'whom a leaf refuses is in its audit log, by name and method, and the log stands'({ mesh }) {
      const refused = (service) => auditOf(mesh, `refusals-${service}`).filter((record) => record.action === 'refuse');
      for (const [service, method] of [['deid', 'Deid.Inspect'], ['context', 'Context.Recall'], ['tokenizer', 'Tokenizer.GetVocabulary'], ['inference', 'Inference.GetModel']]) {
        await eventually(`${service} has written it`, () => refused(service).some((record) => record.method === method
          && record.caller === 'spiffe://consilium.example/context' && record.outcome === 'PERMISSION_DENIED'), true);
        const { status, stderr } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'verify', path.join(mesh.folder, `refusals-${service}`)]);
        assert.equal(status, 0, stderr);
      }
      await eventually('every one is counted', () => refused('tokenizer').reduce((sum, record) => sum + record.count, 0) >= 21, true);
      assert.ok(refused('tokenizer').length < 21, 'not a record for each');
    },
    async 'a pair that does not fit is left, and the one before serves on'({ mesh, folder }) {
      fs.copyFileSync(path.join(folder, 'second.key'), path.join(folder, 'service.key'));
      await sleep(2500);
      for (const service of SERVICES) assert.equal(await shownBy(mesh, folder, service), 'first', service);
      assert.ok((await mesh.ask('p1', SAMPLE_QUESTION)).done);
      assert.match(fs.readFileSync(mesh.log('gateway'), 'utf8'), /credentials refused/);
    },
    async 'replaced files are shown to new connections without a restart'({ mesh, folder }) {
      const pids = SERVICES.map((service) => mesh.pid(service));
      replace(folder, 'second', 'service');
      for (const service of SERVICES) await eventually(service, () => shownBy(mesh, folder, service), 'second');
      assert.ok((await mesh.ask('p1', SAMPLE_QUESTION)).done);
      assert.deepEqual(SERVICES.map((service) => mesh.pid(service)), pids);
      assert.equal((await mesh.consilium('status', '--json')).status, 0);
      const changes = () => auditOf(mesh, 'audit').filter((record) => record.action === 'configure').map((record) => record.outcome);
      await eventually('both are in the audit log', () => changes().join(), 'FAILED_PRECONDITION,OK');
    },
  },
};

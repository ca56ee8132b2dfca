// Traces under TLS: the collector asks for a certificate, and the service shows its own.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Mesh, ROOT, execFileSync, grpc, spawn } = require('./mesh');
const { Collector } = require('./collector');

const TRACE = '0af7651916cd43dd8448eb211c80319c';

module.exports = {
  async before(world) {
    world.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-test-'));
    const [key, pem] = ['own.key', 'own.pem'].map((name) => path.join(world.folder, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=consilium', '-addext', 'subjectAltName=IP:127.0.0.1',
      '-keyout', key, '-out', pem], { stdio: 'ignore' });
    const [keyBytes, pemBytes] = [fs.readFileSync(key), fs.readFileSync(pem)];
    world.collector = new Collector();
    const port = await world.collector.start(0, grpc.ServerCredentials.createSsl(pemBytes, [{ private_key: keyBytes, cert_chain: pemBytes }], true));
    world.mesh = await Mesh.create();
    world.mesh.credentials = grpc.credentials.createSsl(pemBytes, keyBytes, pemBytes);
    world.words = [`--model=${world.mesh.env.MESH_MODEL || path.join(ROOT, 'models/consilium-demo.gguf')}`, `--listen=${world.mesh.address('tokenizer')}`, `--trace-target=127.0.0.1:${port}`, '--trace-tls'];
    world.tls = [`--tls-certificate=${pem}`, `--tls-key=${key}`, `--tls-authority=${pem}`];
    world.tokenizer = spawn(path.join(world.mesh.bin, 'tokenizer'), [...world.words, ...world.tls], { stdio: 'ignore' });
  },
  async after(world) {
    world.tokenizer?.kill('SIGKILL');
    world.collector?.server.forceShutdown();
    fs.rmSync(world.folder, { recursive: true, force: true });
  },
  tests: {
    async 'a span comes to a collector that wants a certificate'({ mesh, collector }) {
      const stub = mesh.stub('Tokenizer');
      const metadata = new grpc.Metadata();
      metadata.set('traceparent', `00-${TRACE}-b7ad6b7169203331-01`);
      await new Promise((resolve, reject) => stub.waitForReady(Date.now() + 60000, (error) => (error ? reject(error) : resolve())));
      await new Promise((resolve, reject) => stub.Count({ texts: ['x'] }, metadata, (error) => (error ? reject(error) : resolve())));
      stub.close();
      const [span] = await collector.trace(TRACE, (spans) => spans.length > 0);
      assert.equal(span.name, 'Tokenizer.Count');
    },
    async 'without a certificate of its own a service says that it needs one, and ends'({ mesh, words }) {
      const { status, stderr } = await mesh.exec(path.join(mesh.bin, 'tokenizer'), words);
      assert.equal(status, 2, stderr);
      assert.match(stderr, /--trace-tls needs the tls settings/);
    },
  },
};
